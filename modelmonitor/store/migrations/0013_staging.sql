-- Rows that may be there already go by way of a temporary table. Databases that take everything from PUBLIC, as the
-- chart's does, must grant that by name, or a predictor that died in the middle could never write the rest of its log.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['modelmonitor_writer', 'modelmonitor_job'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name);
        BEGIN
            EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), role_name);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'Only the owner of the database can do this: GRANT TEMPORARY ON DATABASE % TO %',
                current_database(), role_name;
        END;
    END LOOP;
END
$$;
