CREATE TABLE monitoring_alerts (
    fingerprint text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    alertname text NOT NULL,
    severity text NOT NULL,
    labels jsonb NOT NULL DEFAULT '{}',
    annotations jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fingerprint, starts_at)
);
CREATE INDEX monitoring_alerts_open_idx ON monitoring_alerts (starts_at DESC) WHERE ends_at IS NULL;
COMMENT ON TABLE monitoring_alerts IS 'One row an alert and start; firing while ends_at is null.';
