//! What happens without anybody asking: desks are told, people fade out, forgotten conversations end.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{Im, presence::Left};
use crate::model::{Caller, Fault, conversation::EndedBy};

/// Counts change on screens at most this often.
const DESK_PAUSE: Duration = Duration::from_millis(250);
/// How often those who left are looked for.
const PRESENCE_TICK: Duration = Duration::from_secs(2);
/// A node that did not answer who is there is asked again after this time.
const PEOPLE_PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether another process changed logins or restraints.
const CHANGES_TICK: Duration = Duration::from_secs(2);
/// How often forgotten conversations are looked for.
const IDLE_TICK: Duration = Duration::from_mins(1);
/// How often chatrooms are looked at.
const ROOM_TICK: Duration = Duration::from_secs(1);
/// How often messages are looked for that need not be kept.
const RETENTION_TICK: Duration = Duration::from_mins(10);
/// Most conversations ended in one look.
const IDLE_BATCH: u16 = 200;
/// How often files that nothing names are looked for; every kept byte is looked at within half a day.
const FILES_TICK: Duration = Duration::from_mins(2);

/// How often the audit record is looked after.
const RECORD_TICK: Duration = Duration::from_secs(30);

/// How often it is looked for messages to everybody.
const BROADCAST_TICK: Duration = Duration::from_secs(1);

/// How often it is looked for what the bus lost.
const SWEEP_TICK: Duration = Duration::from_secs(2);

/// Runs until told to stop.
pub async fn run(im: Arc<Im>, stop: CancellationToken) {
    let desks = keep_desks_told(im.clone());
    let people = every(PRESENCE_TICK, im.clone(), async |im: &Im| {
        im.fade_out().await;
        Ok(())
    });
    let changes = every(CHANGES_TICK, im.clone(), async |im: &Im| im.hear_of_changed_people().await);
    let nodes = hear_of_nodes(im.clone());
    let files = every(FILES_TICK, im.clone(), async |im: &Im| im.sweep_files().await);
    let held = tell_held(im.clone());
    let rooms = every(ROOM_TICK, im.clone(), async |im: &Im| im.look_after_chatrooms().await);
    let retention = every(RETENTION_TICK, im.clone(), async |im: &Im| im.forget_delivered().await);
    let broadcasts = every(BROADCAST_TICK, im.clone(), async |im: &Im| {
        while im.go_on_broadcasting().await? {}
        Ok(())
    });
    let sweep = every(SWEEP_TICK, im.clone(), async |im: &Im| im.make_up_for_the_bus().await);
    let record = every(RECORD_TICK, im.clone(), async |im: &Im| im.write_down_unsure().await);
    let idle = every(IDLE_TICK, im, async |im: &Im| im.end_forgotten().await);
    tokio::select! {
        () = stop.cancelled() => {}
        () = desks => {}
        () = people => {}
        () = changes => {}
        () = nodes => {}
        () = retention => {}
        () = broadcasts => {}
        () = record => {}
        () = sweep => {}
        () = idle => {}
        () = files => {}
        () = rooms => {}
        () = held => {}
    }
}

async fn keep_desks_told(im: Arc<Im>) {
    loop {
        im.dirty.changed.notified().await;
        im.tell_changed_desks().await;
        tokio::time::sleep(DESK_PAUSE).await;
    }
}

/// Asks other nodes for their people as soon as what is known of them may be wrong.
async fn hear_of_nodes(im: Arc<Im>) {
    loop {
        im.nodes_missed.notified().await;
        while im.ask_for_people().await {
            tokio::time::sleep(PEOPLE_PAUSE).await;
        }
    }
}

/// Tells what is held back in chatrooms as soon as it was for long enough.
async fn tell_held(im: Arc<Im>) {
    loop {
        im.wait_for_held().await;
        im.tell_held();
    }
}

async fn every(pause: Duration, im: Arc<Im>, work: impl AsyncFn(&Im) -> Result<(), Fault>) {
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = work(&im).await {
            tracing::warn!(code = fault.code.name(), "Upkeep did not finish; it tries again later");
        }
    }
}

impl Im {
    /// Tells every desk that changed since the last call.
    pub async fn tell_changed_desks(&self) {
        let apps: Vec<_> = self.dirty.apps.iter().map(|app| app.key().clone()).collect();
        for app in apps {
            self.dirty.apps.remove(&app);
            if let Err(fault) = self.tell_desk(&app).await {
                tracing::warn!(code = fault.code.name(), app.key = %app, "Could not tell the desk of app {app}");
            }
        }
    }

    /// Lets those go whose grace time is over.
    pub async fn fade_out(&self) {
        for Left { app, person, change, telling, news } in self.presence.expire(self.clock.now()) {
            self.announce_person(news);
            if telling {
                self.tell_presence(&Caller { app, person, site: None }, &change).await;
            } else {
                self.tell_watchers(&app, &person.id, &change, Vec::new());
                self.desk_of_gone(&app, &person);
            }
        }
        for (app, person, change) in self.presence.take_untold() {
            self.tell_presence(&Caller { app, person, site: None }, &change).await;
        }
    }

    /// Ends conversations whose visitor has been away, and silent, too long.
    pub async fn end_forgotten(&self) -> Result<(), Fault> {
        let before = self.clock.now().plus_secs(-i64::from(self.settings.idle_end_secs));
        for idle in self.store.idle_services(before, IDLE_BATCH).await? {
            // What another service leads, it ends.
            if self.is_online(&idle.app, &idle.visitor) || self.led(&idle.app).await?.is_some() {
                continue;
            }
            let Some(conversation) = self.store.conversation(&idle.app, idle.conversation).await? else { continue };
            let agent = conversation.service.and_then(|service| service.stage.agent().cloned());
            self.finish(&idle.app, idle.conversation, agent, EndedBy::VisitorTimeout, None).await?;
        }
        Ok(())
    }
}
