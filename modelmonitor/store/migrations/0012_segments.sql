ALTER TABLE drift_reference_rows ADD COLUMN segment jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN drift_reference_rows.segment IS 'Columns to split checks by, as the prediction was logged with them.';

CREATE TABLE new_patterns (
    run_id text NOT NULL,
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    check_name text NOT NULL,
    fingerprint jsonb NOT NULL,
    name text NOT NULL,
    share double precision NOT NULL,
    size integer NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    first_seen timestamptz NOT NULL,
    windows integer NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, check_name, name)
);
CREATE INDEX new_patterns_monitor_idx ON new_patterns (monitor, deployment_id, created_at DESC);
COMMENT ON TABLE new_patterns IS 'Groups of alike predictions where the reference has next to none, one row a run that saw them.';
COMMENT ON COLUMN new_patterns.fingerprint IS 'Its place, by which a later run recognises it; never the texts.';
COMMENT ON COLUMN new_patterns.first_seen IS 'Beginning of the first window that had it.';
COMMENT ON COLUMN new_patterns.windows IS 'Windows without a common prediction that had it, this one included.';

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('GRANT SELECT ON new_patterns TO %I', role_name);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'modelmonitor_job') THEN
        GRANT INSERT ON new_patterns TO modelmonitor_job;
    END IF;
END
$$;
