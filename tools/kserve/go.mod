module modelmonitor.io/tools/kserve

go 1.24.0

require github.com/kserve/kserve v0.20.0
