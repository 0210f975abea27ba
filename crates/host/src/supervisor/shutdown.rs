//! The supervisor's own end, and the others' before it.

use super::Shared;
use crate::instance::Instances;
use crate::layout::Role;
use crate::seat::in_words;
use crate::stop;

/// Ends the driver, the proxy and, if asked, the instances.
///
/// The driver first, because it would restart the supervisor; the proxy before the
/// instances, because it finishes their requests.
pub(super) async fn run(shared: &Shared, instances: Instances) {
    let _alone = shared.shutdown.lock().await;
    stop::mark(&shared.home);
    shared.keepers.stop().await;
    for role in [Role::Driver, Role::Proxy] {
        if let Err(error) = stop::terminate(&shared.home, role).await {
            tracing::error!("stopping the {role}: {}", in_words(&error));
        }
    }
    // Again: a start that found this process alive has taken the mark back, and was told to come again afterwards.
    stop::mark(&shared.home);
    shared.instances.let_go();
    if let Instances::Stop { grace } = instances
        && let Err(error) = stop::stop_instances(&shared.home, grace).await
    {
        tracing::error!("stopping the instances: {}", in_words(&error));
    }
}
