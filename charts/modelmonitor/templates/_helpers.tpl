{{- define "modelmonitor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "modelmonitor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "modelmonitor.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "modelmonitor.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels by which pods are selected; dict: root, component */}}
{{- define "modelmonitor.selector" -}}
app.kubernetes.io/name: {{ include "modelmonitor.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object; dict: root, component */}}
{{- define "modelmonitor.labels" -}}
{{ include "modelmonitor.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: modelmonitor
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Address of an image; dict: root, image */}}
{{- define "modelmonitor.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .image.repository) .image.repository (ne $registry "") -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "modelmonitor.serviceAccount" -}}
{{- if .Values.operator.serviceAccount.create -}}
{{- .Values.operator.serviceAccount.name | default (printf "%s-operator" (include "modelmonitor.fullname" .)) -}}
{{- else -}}
{{- required "operator.serviceAccount.name: name the service account, or set operator.serviceAccount.create to true." .Values.operator.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "modelmonitor.tokenSecret" -}}
{{- .Values.collector.auth.existingSecret | default (printf "%s-collector-token" (include "modelmonitor.fullname" .)) -}}
{{- end -}}

{{/* true where objects of Prometheus Operator are to be made */}}
{{- define "modelmonitor.prometheusOperator" -}}
{{- $wanted := toString .Values.prometheus.operatorObjects -}}
{{- if or (eq $wanted "true") (and (eq $wanted "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}true{{- end -}}
{{- end -}}

{{/* true where Alertmanager is to tell the collector of alerts */}}
{{- define "modelmonitor.alertmanagerConfig" -}}
{{- $wanted := toString .Values.prometheus.alertmanagerConfig -}}
{{- if and .Values.collector.enabled (or (eq $wanted "true") (and (eq $wanted "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1alpha1"))) -}}true{{- end -}}
{{- end -}}

{{- define "modelmonitor.collectorUrl" -}}
{{- printf "%s://%s-collector.%s.svc:8080" (ternary "https" "http" (ne .Values.collector.tls.existingSecret "")) (include "modelmonitor.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "modelmonitor.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where pods may run; the values of a component */}}
{{- define "modelmonitor.scheduling" -}}
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
