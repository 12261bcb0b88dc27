-- Group roles to grant to login users; they are cluster-wide, so another database may make them at the same moment.
DO $$
DECLARE
    role_name text;
BEGIN
    IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        RAISE NOTICE 'user % may not create roles: modelmonitor_writer, modelmonitor_job and modelmonitor_reader are skipped', current_user;
        RETURN;
    END IF;
    FOREACH role_name IN ARRAY ARRAY['modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role_name);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role_name);
    END LOOP;
    GRANT INSERT ON prediction_logs TO modelmonitor_writer;
    GRANT INSERT, UPDATE ON feedback, monitoring_alerts TO modelmonitor_writer, modelmonitor_job;
    GRANT INSERT ON feedback_history TO modelmonitor_writer, modelmonitor_job;
    GRANT INSERT, UPDATE ON drift_results, drift_episodes, prediction_rollups TO modelmonitor_job;
    GRANT INSERT ON drift_references, drift_reference_rows TO modelmonitor_job;
    GRANT EXECUTE ON FUNCTION modelmonitor_ensure_partitions(timestamptz, integer) TO modelmonitor_writer, modelmonitor_job;
    GRANT EXECUTE ON FUNCTION modelmonitor_drop_expired(timestamptz, integer) TO modelmonitor_job;
END
$$;
