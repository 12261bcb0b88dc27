{{- define "monitoring-stack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "monitoring-stack.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "monitoring-stack.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "monitoring-stack.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels by which pods are selected; dict: root, component */}}
{{- define "monitoring-stack.selector" -}}
app.kubernetes.io/name: {{ include "monitoring-stack.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object; dict: root, component */}}
{{- define "monitoring-stack.labels" -}}
{{ include "monitoring-stack.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: modelmonitor
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Address of an image; dict: root, image */}}
{{- define "monitoring-stack.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (ne $registry "") -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "monitoring-stack.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where pods may run; the values of a component */}}
{{- define "monitoring-stack.scheduling" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Context of a pod that runs as this user and group; a number */}}
{{- define "monitoring-stack.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Secret with the passwords of all roles */}}
{{- define "monitoring-stack.passwordSecret" -}}
{{- .Values.postgresql.auth.existingSecret | default (printf "%s-postgresql" (include "monitoring-stack.fullname" .)) -}}
{{- end -}}

{{/* true where this chart makes the passwords, and so knows the addresses */}}
{{- define "monitoring-stack.ownPasswords" -}}
{{- if and (ne .Values.postgresql.mode "external") (not .Values.postgresql.auth.existingSecret) -}}true{{- end -}}
{{- end -}}

{{- define "monitoring-stack.databaseHost" -}}
{{- if eq .Values.postgresql.mode "external" -}}
{{- required "postgresql.external.host: name the host of your PostgreSQL, for Grafana's data source, or set grafana.enabled to false." .Values.postgresql.external.host -}}
{{- else -}}
{{- printf "%s-postgresql%s.%s.svc" (include "monitoring-stack.fullname" .) (ternary "-rw" "" (eq .Values.postgresql.mode "cnpg")) .Release.Namespace -}}
{{- end -}}
{{- end -}}

{{- define "monitoring-stack.mlflowSecret" -}}
{{- if .Values.mlflow.database.existingSecret -}}
{{- .Values.mlflow.database.existingSecret -}}
{{- else if include "monitoring-stack.ownPasswords" . -}}
{{- printf "%s-mlflow-database" (include "monitoring-stack.fullname" .) -}}
{{- else -}}
{{- fail "mlflow.database.existingSecret: name a Secret with key uri (postgresql+psycopg2://user:password@host:5432/mlflow), or set mlflow.enabled to false." -}}
{{- end -}}
{{- end -}}

{{- define "monitoring-stack.grafanaSecret" -}}
{{- .Values.grafana.admin.existingSecret | default (printf "%s-grafana" (include "monitoring-stack.fullname" .)) -}}
{{- end -}}

{{/* Grafana's data source of PostgreSQL */}}
{{- define "monitoring-stack.postgresSource" -}}
{{- $external := eq .Values.postgresql.mode "external" -}}
name: ModelMonitor
uid: modelmonitor-postgres
type: grafana-postgresql-datasource
access: proxy
url: {{ include "monitoring-stack.databaseHost" . }}:{{ ternary .Values.postgresql.external.port 5432 $external }}
jsonData:
  database: {{ ternary .Values.postgresql.external.database "modelmonitor" $external }}
  sslmode: {{ ternary .Values.postgresql.external.sslmode (ternary "require" "disable" (eq .Values.postgresql.mode "cnpg")) $external }}
  maxOpenConns: 10
  postgresVersion: 1500
{{- end -}}
