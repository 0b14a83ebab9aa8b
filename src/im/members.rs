//! Looking at those inside: a group's members, and who of them has read a message.

use std::sync::Arc;

use super::{Im, conversation::Route, recall::no_message};
use crate::model::{
    AppKey, Caller, Code, Fault, UserId,
    command::{MemberPage, MembersQuery, ReaderPage, ReadersQuery, SeenBy},
    conversation::{Participant, Which},
};

/// Most people of one page.
const MOST: u16 = 100;

impl Im {
    /// A page of a group's members. Every member may see all others.
    pub(super) async fn group_members(&self, caller: &Caller, query: MembersQuery) -> Result<MemberPage, Fault> {
        let limit = within(query.limit)?;
        let route = self.route(caller, query.conversation).await?;
        if !route.kind.has_members() {
            return Err(Fault::new(Code::BadRequest, "only groups and discussions have members"));
        }
        let mut members = self.members_of(&caller.app, &route, Which::All, query.after.as_ref(), limit + 1).await?;
        let more = members.len() > usize::from(limit);
        members.truncate(usize::from(limit));
        Ok(MemberPage { members, more })
    }

    /// Some members, with what the store does not know.
    pub(super) async fn members_of(
        &self,
        app: &AppKey,
        route: &Arc<Route>,
        which: Which,
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<Participant>, Fault> {
        let which = if let Which::Silenced(_) = which { Which::Silenced(self.clock.now()) } else { which };
        let mut members = self.store.members(app, route.id, which, after, limit).await?;
        self.fill_participants(app, &mut members);
        Ok(members)
    }

    /// Who has read one of the caller's own messages.
    pub(super) async fn readers(&self, caller: &Caller, query: ReadersQuery) -> Result<ReaderPage, Fault> {
        let limit = within(query.limit)?;
        let message = self.store.message(&caller.app, query.uid).await?.ok_or_else(no_message)?;
        self.route(caller, message.conversation).await.map_err(|_| no_message())?;
        if message.from.id != *caller.id() {
            return Err(Fault::new(Code::Forbidden, "only the sender of a message hears who read it"));
        }
        let mut found = self.store.readers(&caller.app, query.uid, query.after.as_ref(), limit + 1).await?;
        let more = found.readers.len() > usize::from(limit);
        found.readers.truncate(usize::from(limit));
        let readers = found.readers.into_iter().map(|reader| SeenBy { person: reader.person, read_at: reader.read_at });
        Ok(ReaderPage { count: found.count, of: found.of, readers: readers.collect(), more })
    }
}

fn within(limit: u16) -> Result<u16, Fault> {
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(Fault::new(Code::BadRequest, format!("`limit` is {limit}; allowed are 1 to {MOST}")))
}
