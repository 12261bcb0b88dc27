"""1,000 monitors on a real kube-apiserver: how long to Ready, how much memory, what a restart sends."""
