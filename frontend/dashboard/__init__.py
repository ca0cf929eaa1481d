"""The operator's dashboard: shows curation.analytics, computes nothing itself."""
