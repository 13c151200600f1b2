{{- define "octopus.name" -}}
{{- if contains "octopus-gateway" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-octopus-gateway" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "octopus.selector" -}}
app.kubernetes.io/name: octopus-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "octopus.labels" -}}
{{ include "octopus.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "octopus.account" -}}
{{- default (include "octopus.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "octopus.rules" -}}
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- if .Values.rbac.pods }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end }}
{{- if .Values.rbac.configMaps }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
{{- end }}
{{- end -}}

{{- define "octopus.usesKubernetes" -}}
{{- if has "kubernetes" (default (list .Values.discovery.backend) .Values.discovery.backends) -}}
true
{{- end -}}
{{- end -}}
