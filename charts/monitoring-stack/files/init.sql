-- Roles and databases of an empty PostgreSQL; psql runs it once, as the superuser.
\set ON_ERROR_STOP on
\set owner `cat "$PASSWORDS/owner-password"`
\set writer `cat "$PASSWORDS/writer-password"`
\set reader `cat "$PASSWORDS/reader-password"`
\set mlflow `cat "$PASSWORDS/mlflow-password"`

CREATE ROLE modelmonitor_writer NOLOGIN;
CREATE ROLE modelmonitor_job NOLOGIN;
CREATE ROLE modelmonitor_reader NOLOGIN;
-- The owner runs the migrations, which grant rights to the three roles above if it may make roles.
CREATE ROLE modelmonitor LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE modelmonitor_predictor LOGIN PASSWORD :'writer' IN ROLE modelmonitor_writer;
CREATE ROLE modelmonitor_grafana LOGIN PASSWORD :'reader' IN ROLE modelmonitor_reader;
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';

CREATE DATABASE modelmonitor OWNER modelmonitor;
CREATE DATABASE mlflow OWNER mlflow;
REVOKE ALL ON DATABASE modelmonitor, mlflow FROM PUBLIC;
GRANT CONNECT ON DATABASE modelmonitor TO modelmonitor_writer, modelmonitor_job, modelmonitor_reader;
-- A dashboard must not hold the database for minutes.
ALTER ROLE modelmonitor_grafana SET statement_timeout = '30s';
ALTER ROLE modelmonitor_grafana SET default_transaction_read_only = on;
