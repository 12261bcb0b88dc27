-- Monitors of one name in two namespaces may share a database. Rows of before have no namespace: where one monitor alone
-- can be meant they get its, else the first run of a monitor of that name takes them over.
ALTER TABLE drift_results ADD COLUMN namespace text NOT NULL DEFAULT '';
ALTER TABLE drift_episodes ADD COLUMN namespace text NOT NULL DEFAULT '';
ALTER TABLE retrain_triggers ADD COLUMN namespace text NOT NULL DEFAULT '';
ALTER TABLE quality_by_window ADD COLUMN namespace text NOT NULL DEFAULT '';
ALTER TABLE new_patterns ADD COLUMN namespace text NOT NULL DEFAULT '';
COMMENT ON COLUMN drift_results.namespace IS 'Of the monitor; empty in rows of before there was this column.';

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['drift_results', 'drift_episodes', 'retrain_triggers', 'quality_by_window', 'new_patterns'] LOOP
        EXECUTE format(
            'UPDATE %I AS old SET namespace = known.namespace FROM ('
            '  SELECT split_part(monitor, ''/'', 2) AS monitor, deployment_id, min(split_part(monitor, ''/'', 1)) AS namespace'
            '  FROM retention_policies GROUP BY 1, 2 HAVING count(*) = 1) AS known '
            'WHERE old.monitor = known.monitor AND old.deployment_id = known.deployment_id', table_name);
    END LOOP;
END
$$;

DROP INDEX drift_episodes_open_idx;
CREATE UNIQUE INDEX drift_episodes_open_idx ON drift_episodes (namespace, monitor, deployment_id, check_name)
    WHERE ended_at IS NULL;
ALTER TABLE drift_episodes DROP CONSTRAINT drift_episodes_monitor_deployment_id_check_name_started_at_key;
ALTER TABLE drift_episodes ADD UNIQUE (namespace, monitor, deployment_id, check_name, started_at);
ALTER TABLE quality_by_window DROP CONSTRAINT quality_by_window_pkey;
ALTER TABLE quality_by_window
    ADD PRIMARY KEY (namespace, monitor, deployment_id, window_start, window_end, model_version);
DROP INDEX retrain_triggers_monitor_idx;
DROP INDEX new_patterns_monitor_idx;
CREATE INDEX new_patterns_monitor_idx ON new_patterns (namespace, monitor, deployment_id, created_at DESC);
CREATE INDEX retrain_triggers_monitor_idx ON retrain_triggers (namespace, monitor, deployment_id, created_at DESC);

-- What a run rested on, so that it can be repeated and proved to be the same.
CREATE TABLE drift_runs (
    run_id text PRIMARY KEY,
    namespace text NOT NULL,
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    finished_at timestamptz NOT NULL,
    seed bigint NOT NULL,
    document jsonb NOT NULL,
    checks text[] NOT NULL,
    plan text NOT NULL,
    reference jsonb,
    windows jsonb NOT NULL,
    packages jsonb NOT NULL,
    numbers jsonb NOT NULL
);
CREATE INDEX drift_runs_monitor_idx ON drift_runs (namespace, monitor, finished_at DESC);
COMMENT ON TABLE drift_runs IS 'What each run rested on and what came of it, by which `modelmonitor drift replay` repeats it.';
COMMENT ON COLUMN drift_runs.document IS 'The monitor as the run read it.';
COMMENT ON COLUMN drift_runs.plan IS 'SHA-256 over checks, detectors, levels and thresholds that follow from it.';
COMMENT ON COLUMN drift_runs.reference IS 'Name, model, version and digest of the reference; null without.';
COMMENT ON COLUMN drift_runs.windows IS 'By check: bounds, counts, and digests of the ids and contents of the rows that were read.';
COMMENT ON COLUMN drift_runs.numbers IS 'What was computed of these rows.';

-- A rolling reference gets a version a day. Versions that no prediction of the log can be compared with any more go;
-- what is too old follows from the policies of retention alone.
CREATE FUNCTION modelmonitor_forget_references(as_of timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    keep constant integer := (SELECT max(keep_days) FROM retention_policies);
    deleted bigint;
BEGIN
    DELETE FROM drift_references AS old
    WHERE source ->> 'kind' = 'rolling'
      AND created_at < least(as_of, now()) - make_interval(days => keep)
      AND EXISTS (
          SELECT FROM drift_references AS newer
          WHERE (newer.name, newer.model_name, newer.model_version) = (old.name, old.model_name, old.model_version)
            AND newer.version > old.version
      );
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

DO $$
DECLARE
    role_name text;
    signature constant text := 'modelmonitor_forget_references(timestamptz)';
BEGIN
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', signature, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    FOREACH role_name IN ARRAY ARRAY['modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name)
           AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT SELECT ON drift_runs TO %I', role_name);
            IF role_name = 'modelmonitor_job' THEN
                GRANT INSERT ON drift_runs TO modelmonitor_job;
                GRANT EXECUTE ON FUNCTION modelmonitor_forget_references(timestamptz) TO modelmonitor_job;
            END IF;
        END IF;
    END LOOP;
END
$$;
