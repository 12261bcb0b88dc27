ALTER TABLE drift_episodes
    ADD COLUMN quiet_runs integer NOT NULL DEFAULT 0,
    ADD COLUMN counted_until timestamptz,
    ADD COLUMN same_as timestamptz,
    ADD COLUMN number integer NOT NULL DEFAULT 1,
    ADD COLUMN pages integer NOT NULL DEFAULT 1;
-- One monitor may be asked about several deployments by hand; each has episodes of its own.
DROP INDEX drift_episodes_open_idx;
CREATE UNIQUE INDEX drift_episodes_open_idx ON drift_episodes (monitor, deployment_id, check_name) WHERE ended_at IS NULL;
ALTER TABLE drift_episodes DROP CONSTRAINT drift_episodes_monitor_check_name_started_at_key;
ALTER TABLE drift_episodes ADD UNIQUE (monitor, deployment_id, check_name, started_at);
COMMENT ON COLUMN drift_episodes.severity IS 'The worst so far.';
COMMENT ON COLUMN drift_episodes.peak_effect_size IS 'The largest effect so far, as a multiple of the warning threshold.';
COMMENT ON COLUMN drift_episodes.quiet_runs IS 'Runs in a row without drift since it was last seen.';
COMMENT ON COLUMN drift_episodes.counted_until IS 'End of the last window that counted; older windows change nothing.';
COMMENT ON COLUMN drift_episodes.same_as IS 'Start of the first earlier episode in the same direction.';
COMMENT ON COLUMN drift_episodes.number IS 'How many episodes of the same drift, this one included.';
COMMENT ON COLUMN drift_episodes.pages IS 'Times that it was worth a page: when it began and when it became critical.';

CREATE TABLE retrain_triggers (
    run_id text NOT NULL,
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    check_name text NOT NULL,
    trigger text NOT NULL,
    fires boolean NOT NULL,
    established boolean NOT NULL,
    runs integer NOT NULL,
    message text NOT NULL,
    evidence jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, check_name, trigger)
);
CREATE INDEX retrain_triggers_monitor_idx ON retrain_triggers (monitor, deployment_id, created_at DESC);
COMMENT ON TABLE retrain_triggers IS 'Reasons to train again, one row a run and trigger, also where it does not hold.';

CREATE TABLE quality_by_window (
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    model_version text NOT NULL,
    predictions bigint NOT NULL,
    labelled bigint NOT NULL,
    classes text[] NOT NULL,
    confusion bigint[] NOT NULL,
    accuracy double precision,
    accuracy_low double precision,
    accuracy_high double precision,
    f1 double precision,
    "precision" double precision,
    recall double precision,
    label_delay_s double precision,
    revisions integer NOT NULL DEFAULT 0,
    first_at timestamptz NOT NULL,
    revised_at timestamptz NOT NULL,
    PRIMARY KEY (monitor, deployment_id, window_start, window_end, model_version)
);
COMMENT ON TABLE quality_by_window IS 'Quality of past windows, revised while their labels arrive.';
COMMENT ON COLUMN quality_by_window.confusion IS 'Labelled rows, true class by predicted class, row by row in the order of classes.';
COMMENT ON COLUMN quality_by_window.label_delay_s IS 'Median time from a prediction to its label, seconds.';

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('GRANT SELECT ON retrain_triggers, quality_by_window TO %I', role_name);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'modelmonitor_job') THEN
        GRANT INSERT, UPDATE ON retrain_triggers, quality_by_window TO modelmonitor_job;
    END IF;
END
$$;
