"""Detectors: functions of a reference and a window of predictions that return one `Finding` each.

Ask `modelmonitor.detect.registry.detector` for one by name. Importing this package imports neither
alibi-detect nor torch.
"""
