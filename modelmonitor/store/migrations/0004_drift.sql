CREATE TABLE drift_references (
    name text NOT NULL,
    model_name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    model_version text NOT NULL,
    origin text NOT NULL,
    classes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (name, model_name, version)
);
COMMENT ON TABLE drift_references IS 'What predictions are compared with; versions are never changed.';

CREATE TABLE drift_reference_rows (
    name text NOT NULL,
    model_name text NOT NULL,
    version integer NOT NULL,
    row_number integer NOT NULL,
    prediction_id text NOT NULL,
    predicted_at timestamptz NOT NULL,
    input_text text,
    probabilities real[] NOT NULL,
    embedding bytea,
    label text,
    PRIMARY KEY (name, model_name, version, row_number),
    FOREIGN KEY (name, model_name, version) REFERENCES drift_references ON DELETE CASCADE
);
ALTER TABLE drift_reference_rows ALTER COLUMN embedding SET STORAGE EXTERNAL;

CREATE TABLE drift_results (
    result_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL,
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    check_name text NOT NULL,
    drift_type text NOT NULL,
    segment text NOT NULL DEFAULT '',
    detector text NOT NULL,
    backend text NOT NULL,
    feature text NOT NULL,
    statistic double precision,
    p_value double precision,
    effect_size double precision,
    effect_name text NOT NULL,
    level double precision,
    threshold double precision,
    verdict text NOT NULL,
    severity text NOT NULL,
    reason text NOT NULL,
    is_drift_detected boolean NOT NULL,
    drift_score double precision NOT NULL,
    n_reference integer NOT NULL,
    n_window integer NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    model_name text NOT NULL,
    model_version text NOT NULL,
    evidence jsonb NOT NULL DEFAULT '{}',
    report_url text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    UNIQUE (run_id, check_name, segment, detector, feature)
);
CREATE INDEX drift_results_deployment_idx ON drift_results (deployment_id, created_at DESC);
COMMENT ON COLUMN drift_results.level IS 'Significance level that the false-alarm budget allowed this test.';
COMMENT ON COLUMN drift_results.threshold IS 'Effect size from which on a significant difference counts as drift.';

CREATE TABLE drift_episodes (
    episode_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    monitor text NOT NULL,
    deployment_id text NOT NULL,
    check_name text NOT NULL,
    severity text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    last_run_id text NOT NULL,
    runs integer NOT NULL DEFAULT 1,
    peak_effect_size double precision NOT NULL,
    fingerprint jsonb NOT NULL DEFAULT '{}',
    UNIQUE (monitor, check_name, started_at)
);
CREATE UNIQUE INDEX drift_episodes_open_idx ON drift_episodes (monitor, check_name) WHERE ended_at IS NULL;
COMMENT ON TABLE drift_episodes IS 'Runs of one check that found the same drift; at most one is open at a time.';
