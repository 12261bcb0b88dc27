{{- define "sentiment-predictor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "sentiment-predictor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "sentiment-predictor.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sentiment-predictor.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels by which pods are selected; dict: root, component */}}
{{- define "sentiment-predictor.selector" -}}
app.kubernetes.io/name: {{ include "sentiment-predictor.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object; dict: root, component */}}
{{- define "sentiment-predictor.labels" -}}
{{ include "sentiment-predictor.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: modelmonitor
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Address of an image; dict: root, image */}}
{{- define "sentiment-predictor.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (ne $registry "") -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "sentiment-predictor.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}
{{/* Where pods may run; the values of a component */}}
{{- define "sentiment-predictor.scheduling" -}}
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

{{/* kserve or deployment */}}
{{- define "sentiment-predictor.mode" -}}
{{- if ne .Values.mode "auto" -}}{{ .Values.mode }}
{{- else -}}{{ ternary "kserve" "deployment" (.Capabilities.APIVersions.Has "serving.kserve.io/v1beta1") }}
{{- end -}}
{{- end -}}

{{/* Name and kind of what runs the pods without KServe */}}
{{- define "sentiment-predictor.workload" -}}
{{ ternary "statefulset" "deployment" .Values.spool.persistence.enabled }}/{{ include "sentiment-predictor.fullname" . }}
{{- end -}}

{{/* Whether KServe's storage initializer fetches the model */}}
{{- define "sentiment-predictor.fetched" -}}
{{- if regexMatch "^(s3|gs|hf|https?|oci|wasbs|abfss)://" .Values.model.uri -}}
{{- if eq (include "sentiment-predictor.mode" .) "deployment" -}}
{{- fail (printf "model.uri: %s is fetched by KServe, which mode deployment does without; use models:/, a Hugging Face id or pvc://, or set mode to kserve." .Values.model.uri) -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{/* The claim of pvc://claim/path; empty for other addresses */}}
{{- define "sentiment-predictor.claim" -}}
{{- if hasPrefix "pvc://" .Values.model.uri -}}{{ trimPrefix "pvc://" .Values.model.uri | splitList "/" | first }}{{- end -}}
{{- end -}}

{{/* Where pods may run */}}
{{- define "sentiment-predictor.placing" -}}
{{- include "sentiment-predictor.pullSecrets" . }}
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- include "sentiment-predictor.scheduling" .Values }}
topologySpreadConstraints:
  {{- if .Values.topologySpreadConstraints }}
  {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "sentiment-predictor.selector" (dict "root" . "component" "predictor") | nindent 8 }}
  {{- end }}
{{- with .Values.serviceAccount.name }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
volumes:
  {{- if not .Values.spool.persistence.enabled }}
  - {name: spool, emptyDir: {sizeLimit: {{ .Values.spool.sizeLimit }}}}
  {{- end }}
  - {name: scratch, emptyDir: {}}
  {{- with include "sentiment-predictor.claim" . }}
  - name: model
    persistentVolumeClaim: {claimName: {{ . }}, readOnly: true}
  {{- end }}
{{- end -}}

{{/* Secret of the score token; empty where the route stays closed */}}
{{- define "sentiment-predictor.scoreSecret" -}}
{{- if .Values.scoreToken.existingSecret -}}
{{- .Values.scoreToken.existingSecret -}}
{{- else if .Values.scoreToken.generate -}}
{{- printf "%s-score-token" (include "sentiment-predictor.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* The container, as a list of one */}}
{{- define "sentiment-predictor.container" -}}
- name: kserve-container
  image: {{ include "sentiment-predictor.image" (dict "root" . "image" .Values.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [python, -m, model_server]
  env:
    - {name: HOME, value: /tmp}
    - {name: MM_SERVER_MODEL_NAME, value: {{ .Values.model.name | quote }}}
    - {name: MM_SERVER_DEPLOYMENT_ID, value: {{ include "sentiment-predictor.fullname" . | quote }}}
    - {name: MM_SERVER_MODEL_VERSION, value: {{ .Values.model.version | quote }}}
    - {name: MM_SERVER_MODEL_CACHE_DIR, value: /tmp/models}
    {{- if include "sentiment-predictor.fetched" . }}
    # KServe's storage initializer puts the model into /mnt/models, which is where the predictor looks.
    - {name: STORAGE_URI, value: {{ .Values.model.uri | quote }}}
    {{- else if not (include "sentiment-predictor.claim" .) }}
    - {name: MM_SERVER_MODEL_URI, value: {{ .Values.model.uri | quote }}}
    {{- end }}
    {{- with .Values.model.mlflowTrackingUri }}
    - {name: MM_SERVER_MLFLOW_TRACKING_URI, value: {{ tpl . $ | quote }}}
    {{- end }}
    - {name: MM_SERVER_LOG, value: {{ .Values.log | quote }}}
    - {name: MM_SERVER_WHEN_LOG_FULL, value: {{ .Values.whenLogFull }}}
    - {name: MM_SERVER_INPUT_TEXT, value: {{ .Values.inputText }}}
    - {name: MM_SERVER_SPOOL_DIR, value: /var/lib/modelmonitor/spool}
    - {name: MM_SERVER_SPOOL_MAX_BYTES, value: {{ .Values.spool.maxBytes | int64 | quote }}}
    {{- if eq .Values.log "spool" }}
    - name: MM_SERVER_DATABASE_URL
      valueFrom: {secretKeyRef: {name: {{ .Values.database.existingSecret }}, key: {{ .Values.database.key }}}}
    {{- end }}
    {{- with include "sentiment-predictor.scoreSecret" . }}
    - name: MM_SERVER_SCORE_TOKEN
      valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.scoreToken.key }}}}
    {{- end }}
    {{- with .Values.extraEnv }}{{ toYaml . | nindent 4 }}{{ end }}
  ports:
    - {name: http1, containerPort: 8080, protocol: TCP}
  # Loading and, the first time, downloading a model takes minutes.
  startupProbe:
    httpGet: {path: /v2/health/ready, port: 8080}
    periodSeconds: 5
    failureThreshold: 180
  livenessProbe:
    httpGet: {path: /v2/health/live, port: 8080}
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: {path: /v2/health/ready, port: 8080}
    timeoutSeconds: 5
  resources: {{- toYaml .Values.resources | nindent 4 }}
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - {name: spool, mountPath: /var/lib/modelmonitor}
    - {name: scratch, mountPath: /tmp}
    {{- with include "sentiment-predictor.claim" . }}
    - {name: model, mountPath: /mnt/models, readOnly: true, subPath: {{ trimPrefix "pvc://" $.Values.model.uri | splitList "/" | rest | join "/" | quote }}}
    {{- end }}
{{- end -}}
