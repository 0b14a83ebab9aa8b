//! Who may write and come into chatrooms, which of them are silenced, stopped or kept alive, and which messages matter.
//! All of it outlives the rooms and may be decided before they are made.

use std::sync::atomic::Ordering;

use super::{Backend, chatrooms::some};
use crate::{
    model::{
        Code, Fault, Handle, ObjectName, Stale, UserId,
        chatroom::{Entitled, Priority, Right, Rule},
    },
    store::chatrooms::RightOf,
};

/// Most users or rooms named in one call.
const MOST_NAMED: usize = 100;
/// Longest gag or block: 30 days.
const MOST_MINUTES: u32 = 43_200;

impl Backend<'_> {
    /// Gives users a right in one chatroom or, for gags, in all of them when none is named. Gags and blocks are for
    /// 1 to 43,200 minutes, the others stand until they are taken back. Who is blocked is put out.
    pub async fn give_chatroom_right(
        &self,
        handle: Option<&Handle>,
        right: Right,
        users: &[UserId],
        minutes: Option<u32>,
    ) -> Result<(), Fault> {
        some("users", users.len(), MOST_NAMED)?;
        let of = right_of(handle, right)?;
        let until = match (right, minutes) {
            (Right::Gagged | Right::Blocked, Some(minutes @ 1..=MOST_MINUTES)) => {
                Some(self.im.now().plus_secs(i64::from(minutes) * 60))
            }
            (Right::Gagged | Right::Blocked, _) => {
                return Err(Fault::new(Code::BadRequest, format!("`minutes` must be 1 to {MOST_MINUTES}")));
            }
            (_, None) => None,
            (_, Some(_)) => {
                return Err(Fault::new(Code::BadRequest, "`minutes` is for `gagged` and `blocked` only"));
            }
        };
        let given: Vec<Entitled> = users.iter().map(|user| Entitled { user: user.clone(), until }).collect();
        if !self.im.store.entitle(self.app, &of, &given, right.most(), self.im.now()).await? {
            return Err(full(right.most()));
        }
        self.im.stale(self.app, Stale::RoomRules(handle.cloned())).await;
        if right == Right::Blocked
            && let Some(handle) = handle
        {
            self.put_out(handle, users).await?;
        }
        Ok(())
    }

    /// Takes a right from users. Those who do not have it are ignored.
    pub async fn take_chatroom_right(
        &self,
        handle: Option<&Handle>,
        right: Right,
        users: &[UserId],
    ) -> Result<(), Fault> {
        some("users", users.len(), MOST_NAMED)?;
        let of = right_of(handle, right)?;
        self.im.store.disentitle(self.app, &of, users).await?;
        self.im.stale(self.app, Stale::RoomRules(handle.cloned())).await;
        Ok(())
    }

    /// Who has a right now, by id.
    pub async fn chatroom_right(&self, handle: Option<&Handle>, right: Right) -> Result<Vec<Entitled>, Fault> {
        Ok(self.im.store.entitled(self.app, &right_of(handle, right)?, self.im.now()).await?)
    }

    /// Lets a rule hold for chatrooms, or no more.
    pub async fn set_chatroom_rule(&self, rule: Rule, handles: &[Handle], on: bool) -> Result<(), Fault> {
        some("chatrooms", handles.len(), MOST_NAMED)?;
        if !self.im.store.set_chatroom_rule(self.app, rule, handles, on, Rule::MOST).await? {
            return Err(full(Rule::MOST));
        }
        for handle in handles {
            self.im.stale(self.app, Stale::RoomRules(Some(handle.clone()))).await;
            if rule == Rule::Stopped
                && let Some(room) = self.im.known_room(self.app, handle)
            {
                room.stopped.store(on, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// The chatrooms for which a rule holds, by handle.
    pub async fn chatrooms_under(&self, rule: Rule) -> Result<Vec<Handle>, Fault> {
        Ok(self.im.store.chatrooms_under(self.app, rule).await?)
    }

    /// Puts message types on the list of those refused first or never in a flood, or takes them off.
    pub async fn set_chatroom_priority(&self, priority: Priority, names: &[ObjectName], on: bool) -> Result<(), Fault> {
        some("types", names.len(), Priority::MOST)?;
        if !self.im.store.set_priority(self.app, priority, names, on, Priority::MOST).await? {
            return Err(full(Priority::MOST));
        }
        self.im.stale(self.app, Stale::App).await;
        Ok(())
    }

    /// The message types on one of the lists.
    pub async fn chatroom_priority(&self, priority: Priority) -> Result<Vec<ObjectName>, Fault> {
        let found = self.im.store.priorities(self.app).await?;
        Ok(found.into_iter().filter(|(its, _)| *its == priority).map(|(_, name)| name).collect())
    }

    async fn put_out(&self, handle: &Handle, users: &[UserId]) -> Result<(), Fault> {
        if let Some(room) = self.im.known_room(self.app, handle) {
            for user in self.im.put_out_here(&room, users) {
                self.im.after_leaving(&room, &user).await?;
            }
        }
        self.im.put_out_elsewhere(self.app, handle, users).await;
        Ok(())
    }
}

fn right_of(handle: Option<&Handle>, right: Right) -> Result<RightOf, Fault> {
    if handle.is_none() && right != Right::Gagged {
        return Err(Fault::new(Code::BadRequest, "only `gagged` holds in all chatrooms; name one"));
    }
    Ok(RightOf { handle: handle.cloned(), right })
}

fn full(most: usize) -> Fault {
    Fault::new(Code::LimitReached, format!("this list has at most {most} entries; take some off first"))
}
