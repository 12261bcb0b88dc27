-- Monitors of one database may keep predictions for different times. A day's partition goes when the longest of them is
-- over; before that, the rows of models that are kept for less go one day at a time.
CREATE TABLE retention_policies (
    monitor text PRIMARY KEY,
    deployment_id text NOT NULL,
    keep_days integer NOT NULL CHECK (keep_days > 0),
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE retention_policies IS 'How long each monitor keeps the predictions of its model, as its last upkeep said.';

-- The caller chooses a day, not what is too old: that follows from the policies alone.
CREATE FUNCTION modelmonitor_expire_day(model text, expired_day date, as_of timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    keep constant integer := (SELECT max(keep_days) FROM retention_policies WHERE deployment_id = model);
    first_moment constant timestamptz := expired_day::timestamp AT TIME ZONE 'UTC';
    last_moment constant timestamptz := (expired_day + 1)::timestamp AT TIME ZONE 'UTC';
    deleted bigint;
BEGIN
    IF keep IS NULL OR last_moment > least(as_of, now()) - make_interval(days => keep) THEN
        RAISE EXCEPTION 'predictions of % on % are within their retention', model, expired_day
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM prediction_logs
    WHERE deployment_id = model AND predicted_at >= first_moment AND predicted_at < last_moment;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

DO $$
DECLARE
    signature constant text := 'modelmonitor_expire_day(text, date, timestamptz)';
BEGIN
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', signature, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'modelmonitor_job')
       AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        GRANT SELECT, INSERT, UPDATE ON retention_policies TO modelmonitor_job;
        GRANT EXECUTE ON FUNCTION modelmonitor_expire_day(text, date, timestamptz) TO modelmonitor_job;
        GRANT SELECT ON retention_policies TO modelmonitor_reader;
    END IF;
END
$$;
