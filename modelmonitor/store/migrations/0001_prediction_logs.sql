CREATE TABLE prediction_logs (
    prediction_id uuid NOT NULL,
    predicted_at timestamptz NOT NULL,
    deployment_id text NOT NULL,
    model_name text NOT NULL,
    model_version text NOT NULL,
    source text NOT NULL,
    predicted_sentiment text NOT NULL,
    input_text text,
    confidence_score double precision NOT NULL,
    probabilities real[] NOT NULL,
    embedding bytea,
    latency_ms real NOT NULL,
    segment jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (predicted_at, prediction_id)
) PARTITION BY RANGE (predicted_at);

-- Embeddings do not compress; trying costs time on each insert.
ALTER TABLE prediction_logs ALTER COLUMN embedding SET STORAGE EXTERNAL;

-- A window is read by deployment and time; the id lets a random subset be chosen from the index alone.
CREATE INDEX prediction_logs_deployment_idx ON prediction_logs (deployment_id, predicted_at) INCLUDE (prediction_id);
CREATE INDEX prediction_logs_low_confidence_idx ON prediction_logs (confidence_score) WHERE confidence_score < 0.6;

COMMENT ON TABLE prediction_logs IS 'One row a prediction, partitioned by UTC day of admission.';
COMMENT ON COLUMN prediction_logs.prediction_id IS 'UUIDv7 returned to the caller; labels refer to it.';
COMMENT ON COLUMN prediction_logs.probabilities IS 'One for each class, in the model''s class order.';
COMMENT ON COLUMN prediction_logs.embedding IS 'Sentence embedding, float16 little-endian.';

CREATE TABLE prediction_logs_default PARTITION OF prediction_logs DEFAULT;

CREATE FUNCTION modelmonitor_ensure_partitions(as_of timestamptz, ahead_days integer) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    today constant date := (as_of AT TIME ZONE 'UTC')::date;
    new_day date;
    partition_name text;
    lower_bound timestamptz;
    upper_bound timestamptz;
    locked boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('modelmonitor partitions'));
    FOR new_day IN
        SELECT wanted.day FROM (
            SELECT today + ahead AS day FROM generate_series(0, ahead_days) AS ahead
            UNION
            -- Rows of a wild clock stay in the default partition: they would cost a partition each.
            SELECT (waiting.predicted_at AT TIME ZONE 'UTC')::date FROM prediction_logs_default AS waiting
            WHERE waiting.predicted_at >= as_of - interval '400 days'
              AND waiting.predicted_at < (today + ahead_days + 1)::timestamp AT TIME ZONE 'UTC'
        ) AS wanted
        WHERE to_regclass('prediction_logs_' || to_char(wanted.day, 'YYYYMMDD')) IS NULL
        ORDER BY wanted.day
    LOOP
        IF NOT locked THEN
            -- A writer that had already chosen the default partition would otherwise fail when its day moves out.
            SET LOCAL lock_timeout = '10s';
            LOCK TABLE prediction_logs IN SHARE ROW EXCLUSIVE MODE;
            locked := true;
        END IF;
        partition_name := 'prediction_logs_' || to_char(new_day, 'YYYYMMDD');
        lower_bound := new_day::timestamp AT TIME ZONE 'UTC';
        upper_bound := (new_day + 1)::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE %I (LIKE prediction_logs INCLUDING ALL)', partition_name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM prediction_logs_default WHERE predicted_at >= %L AND predicted_at < %L '
            'RETURNING *) INSERT INTO %I SELECT * FROM moved',
            lower_bound, upper_bound, partition_name);
        -- ATTACH lets reads and writes of other partitions go on, unlike CREATE TABLE … PARTITION OF.
        EXECUTE format(
            'ALTER TABLE prediction_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, lower_bound, upper_bound);
        RETURN NEXT partition_name;
    END LOOP;
END
$$;

CREATE FUNCTION modelmonitor_drop_expired(as_of timestamptz, retention_days integer) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    cutoff constant timestamptz := as_of - make_interval(days => retention_days);
    partition_name text;
BEGIN
    IF retention_days < 1 THEN
        RAISE EXCEPTION 'retention must be at least 1 day, got %', retention_days USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('modelmonitor partitions'));
    SET LOCAL lock_timeout = '10s';
    FOR partition_name IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'prediction_logs'::regclass
          AND child.relname ~ '^prediction_logs_[0-9]{8}$'
          AND (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' <= cutoff
        ORDER BY child.relname
    LOOP
        EXECUTE format('DROP TABLE %I', partition_name);
        RETURN NEXT partition_name;
    END LOOP;
    DELETE FROM prediction_logs_default WHERE predicted_at < cutoff;
END
$$;

-- Functions that act with their owner's rights must not find other people's objects.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'modelmonitor_ensure_partitions(timestamptz, integer)', 'modelmonitor_drop_expired(timestamptz, integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', signature, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END
$$;
