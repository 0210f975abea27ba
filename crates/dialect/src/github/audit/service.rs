//! Services without ports, in jobs that run on the machine and not in a container.

use super::subject::Subject;
use super::{Finding, Level};
use crate::codes;
use crate::yaml::Node;

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for job in subject.jobs.iter().filter(|job| job.node.get("container").is_none()) {
        let services = job.node.get("services").and_then(Node::as_mapping).unwrap_or_default();
        for service in services.iter().filter(|service| service.value.as_mapping().is_some()) {
            let options = super::subject::text(&service.value, "options");
            if service.value.get("ports").is_none() && !options.contains("--network") && !options.contains("-p ") {
                let message = format!(
                    "no step can reach the service `{}`: it has no port on the runner",
                    service.key.name
                );
                let diagnostic = subject
                    .warning(codes::UNREACHABLE_SERVICE, service.key.span, message)
                    .help("map its port, such as `ports: ['5432:5432']`, or run the job in a `container`");
                found.push(Finding::new(Level::Strict, diagnostic));
            }
        }
    }
}
