-- What a version was built from, as far as a program must know it: kind, digest or bounds of the source, choices.
ALTER TABLE drift_references ADD COLUMN source jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN drift_references.source IS 'What it was built from: kind, digest or bounds, seed, what was left out.';
CREATE INDEX drift_references_model_version_idx ON drift_references (model_name, name, model_version, version DESC);

CREATE TABLE reference_datasets (
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    sha256 text NOT NULL,
    texts integer NOT NULL,
    labelled integer NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);
COMMENT ON TABLE reference_datasets IS 'Texts to build references from; each model version scores them anew.';

CREATE TABLE reference_dataset_rows (
    name text NOT NULL,
    version integer NOT NULL,
    row_number integer NOT NULL,
    input_text text NOT NULL,
    label text,
    PRIMARY KEY (name, version, row_number),
    FOREIGN KEY (name, version) REFERENCES reference_datasets ON DELETE CASCADE
);

DO $$
DECLARE
    role_name text;
BEGIN
    FOR role_name IN
        SELECT rolname FROM pg_roles
        WHERE rolname IN ('modelmonitor_writer', 'modelmonitor_job', 'modelmonitor_reader')
          AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('GRANT SELECT ON reference_datasets, reference_dataset_rows TO %I', role_name);
        IF role_name = 'modelmonitor_job' THEN
            GRANT INSERT ON reference_datasets, reference_dataset_rows TO modelmonitor_job;
        END IF;
    END LOOP;
END
$$;
