-- A reply may name the class and nothing else: how sure the model was is then unknown, not 1.
ALTER TABLE prediction_logs ALTER COLUMN confidence_score DROP NOT NULL;
COMMENT ON COLUMN prediction_logs.confidence_score IS
    'Probability of the predicted class; null where the model told the class alone.';
COMMENT ON COLUMN prediction_logs.probabilities IS
    'One for each class, in the model''s class order; where confidence_score is null, 1 for the class that was told.';

ALTER TABLE prediction_rollups ADD COLUMN with_confidence bigint;
UPDATE prediction_rollups SET with_confidence = predictions;
ALTER TABLE prediction_rollups ALTER COLUMN with_confidence SET NOT NULL;
COMMENT ON COLUMN prediction_rollups.with_confidence IS 'Predictions of which the confidence is known; the sums and counts are of these.';

CREATE OR REPLACE FUNCTION modelmonitor_roll_up(since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    first_hour constant timestamptz := date_trunc('hour', since AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    written bigint;
BEGIN
    INSERT INTO prediction_rollups (
        hour, deployment_id, model_version, predicted_sentiment, predictions, low_confidence, confidence_sum,
        confidence_histogram, latency_ms_sum, latency_ms_max, with_confidence)
    SELECT
        date_trunc('hour', predicted_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour,
        deployment_id,
        model_version,
        predicted_sentiment,
        count(*),
        count(*) FILTER (WHERE confidence_score < 0.6),
        coalesce(sum(confidence_score), 0),
        ARRAY[
            count(*) FILTER (WHERE confidence_score < 0.1),
            count(*) FILTER (WHERE confidence_score >= 0.1 AND confidence_score < 0.2),
            count(*) FILTER (WHERE confidence_score >= 0.2 AND confidence_score < 0.3),
            count(*) FILTER (WHERE confidence_score >= 0.3 AND confidence_score < 0.4),
            count(*) FILTER (WHERE confidence_score >= 0.4 AND confidence_score < 0.5),
            count(*) FILTER (WHERE confidence_score >= 0.5 AND confidence_score < 0.6),
            count(*) FILTER (WHERE confidence_score >= 0.6 AND confidence_score < 0.7),
            count(*) FILTER (WHERE confidence_score >= 0.7 AND confidence_score < 0.8),
            count(*) FILTER (WHERE confidence_score >= 0.8 AND confidence_score < 0.9),
            count(*) FILTER (WHERE confidence_score >= 0.9)
        ],
        sum(latency_ms::double precision),
        max(latency_ms),
        count(confidence_score)
    FROM prediction_logs
    WHERE predicted_at >= first_hour
      AND predicted_at < date_trunc('hour', (until + interval '1 hour' - interval '1 microsecond') AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (deployment_id, hour, model_version, predicted_sentiment) DO UPDATE SET
        predictions = EXCLUDED.predictions,
        low_confidence = EXCLUDED.low_confidence,
        confidence_sum = EXCLUDED.confidence_sum,
        confidence_histogram = EXCLUDED.confidence_histogram,
        latency_ms_sum = EXCLUDED.latency_ms_sum,
        latency_ms_max = EXCLUDED.latency_ms_max,
        with_confidence = EXCLUDED.with_confidence;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

-- What a predictor logs of itself replaces what KServe's logger saw of the same prediction.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'modelmonitor_writer')
        AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        GRANT UPDATE ON prediction_logs TO modelmonitor_writer;
    END IF;
END
$$;
