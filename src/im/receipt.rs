//! Watermarks: how far somebody's devices and eyes got.

use super::Im;
use crate::model::{Caller, Code, ConnectionId, Event, Fault, command::Receipt};

impl Im {
    /// Moves the caller's watermarks and tells the others. Somebody who only looks on (an agent who does not take
    /// part) leaves no mark.
    pub(super) async fn receipt(
        &self,
        caller: &Caller,
        connection: Option<ConnectionId>,
        receipt: Receipt,
    ) -> Result<(), Fault> {
        if receipt.delivered.is_none() && receipt.read.is_none() {
            return Err(Fault::new(Code::BadRequest, "give `delivered`, `read` or both"));
        }
        let route = self.route(caller, receipt.conversation).await?;
        if !route.has(caller.id()) {
            return Ok(());
        }
        let now = self.clock.now();
        let marks = self.store.mark(&caller.app, route.id, caller.id(), receipt.delivered, receipt.read, now).await?;
        if marks.moved {
            let mut audience = route.audience(&caller.app);
            audience.except = connection;
            let event = Event::Receipt {
                conversation: route.id,
                user: caller.id().clone(),
                delivered: marks.delivered,
                read: marks.read,
                at: now,
            };
            self.publish(audience, event);
            if receipt.read.is_some() {
                self.read_up(caller, route.id, marks.read).await?;
            }
        }
        Ok(())
    }
}
