-- KServe logs a request and its response as two events that may reach two collectors, in any order and repeatedly.
CREATE TABLE event_halves (
    event_key uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('request', 'response')),
    event_id text NOT NULL,
    deployment_id text NOT NULL,
    component text NOT NULL,
    happened_at timestamptz NOT NULL,
    content jsonb NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    orphaned_at timestamptz,
    PRIMARY KEY (event_key, kind)
);
CREATE INDEX event_halves_waiting_idx ON event_halves (stored_at) WHERE orphaned_at IS NULL;
CREATE INDEX event_halves_orphaned_idx ON event_halves (orphaned_at) WHERE orphaned_at IS NOT NULL;
COMMENT ON TABLE event_halves IS 'Requests that wait for their response, and responses that wait for their request.';
COMMENT ON COLUMN event_halves.orphaned_at IS 'When waiting was given up; a partner that comes later is joined all the same.';

CREATE TABLE event_pairs (
    event_key uuid PRIMARY KEY,
    joined_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_pairs_joined_idx ON event_pairs USING brin (joined_at);
COMMENT ON TABLE event_pairs IS 'Events that were joined a short time ago, by which repeats are known.';

CREATE VIEW event_orphans AS
SELECT deployment_id, component, event_id, kind, happened_at, orphaned_at, content -> 'texts' AS input_texts
FROM event_halves WHERE orphaned_at IS NOT NULL;
COMMENT ON VIEW event_orphans IS 'Requests that got no response and responses without a request, after the time-out.';

CREATE TABLE event_dead_letters (
    event_key uuid NOT NULL,
    kind text NOT NULL,
    sha256 bytea NOT NULL,
    event_id text NOT NULL,
    deployment_id text NOT NULL,
    reason text NOT NULL,
    content_type text NOT NULL,
    body_bytes bigint NOT NULL,
    body bytea,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (event_key, kind, sha256)
);
CREATE INDEX event_dead_letters_received_idx ON event_dead_letters (received_at);
COMMENT ON TABLE event_dead_letters IS 'Event bodies that could not be read.';
COMMENT ON COLUMN event_dead_letters.body IS 'The first bytes of the body; null where privacy settings forbid it.';

DO $$
DECLARE
    role_name text;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_roles
        WHERE rolname IN ('modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader')
          AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format(
            'GRANT SELECT ON event_halves, event_pairs, event_orphans, event_dead_letters TO %I', role_name);
        IF role_name = 'modelmonitor_writer' THEN
            EXECUTE format(
                'GRANT INSERT, UPDATE, DELETE ON event_halves, event_pairs, event_dead_letters TO %I', role_name);
        END IF;
    END LOOP;
END
$$;
