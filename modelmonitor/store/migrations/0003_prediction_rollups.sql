CREATE TABLE prediction_rollups (
    hour timestamptz NOT NULL,
    deployment_id text NOT NULL,
    model_version text NOT NULL,
    predicted_sentiment text NOT NULL,
    predictions bigint NOT NULL,
    low_confidence bigint NOT NULL,
    confidence_sum double precision NOT NULL,
    confidence_histogram bigint[] NOT NULL,
    latency_ms_sum double precision NOT NULL,
    latency_ms_max real NOT NULL,
    PRIMARY KEY (deployment_id, hour, model_version, predicted_sentiment)
);
COMMENT ON TABLE prediction_rollups IS 'Hourly sums that outlive the predictions themselves.';
COMMENT ON COLUMN prediction_rollups.low_confidence IS 'Predictions with a confidence below 0.6.';
COMMENT ON COLUMN prediction_rollups.confidence_histogram IS 'Counts in ten bins of equal width from 0 to 1; 1 belongs to the last.';

-- Whole hours are counted anew and replaced, so that it may run again at any time; hours without rows are left alone.
CREATE FUNCTION modelmonitor_roll_up(since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    first_hour constant timestamptz := date_trunc('hour', since AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    written bigint;
BEGIN
    INSERT INTO prediction_rollups
    SELECT
        date_trunc('hour', predicted_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour,
        deployment_id,
        model_version,
        predicted_sentiment,
        count(*),
        count(*) FILTER (WHERE confidence_score < 0.6),
        sum(confidence_score),
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
        max(latency_ms)
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
        latency_ms_max = EXCLUDED.latency_ms_max;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
