-- Labels may come before, long after, or without their prediction, so nothing refers to prediction_logs.
CREATE TABLE feedback (
    prediction_id uuid PRIMARY KEY,
    label text NOT NULL,
    labelled_at timestamptz NOT NULL,
    source text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE feedback IS 'The latest label of each prediction.';

CREATE TABLE feedback_history (
    prediction_id uuid NOT NULL,
    label text NOT NULL,
    labelled_at timestamptz NOT NULL,
    source text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (prediction_id, labelled_at, label, source)
);
COMMENT ON TABLE feedback_history IS 'Every label that was ever given, each once.';
