//go:build tools

// Package tools pins kind, which makes the cluster of `make e2e` where none is given.
package tools

import _ "sigs.k8s.io/kind"
