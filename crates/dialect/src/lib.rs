//! Reads GitHub Actions workflow files and lowers them to pipelines
