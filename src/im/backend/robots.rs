//! Robots: accounts in whose name the app's back end answers at the desk.

use super::{
    Backend,
    broadcasts::{Account, person},
};
use crate::{
    im::{deliver::Outgoing, turn::Turn},
    model::{
        ClientId, Code, Content, ConversationId, Fault, Person, Role, Source, UserId, command::Sent, content::names,
    },
    store::Demand,
};

impl Backend<'_> {
    /// Makes a robot, or renames one.
    pub async fn save_robot(&self, id: &UserId, account: Account) -> Result<Person, Fault> {
        let robot = person(id, account, Role::Robot)?;
        self.im.store.save_user(self.app, robot.clone(), self.im.clock.now()).await?;
        Ok(robot)
    }

    /// Says something in a service conversation that has not ended, as a robot: whether it waits or an agent has it.
    pub async fn say_as_robot(
        &self,
        id: ConversationId,
        robot: &UserId,
        client_id: ClientId,
        content: Content,
    ) -> Result<Sent, Fault> {
        self.im.check_content(&content)?;
        if matches!(content.name.as_str(), names::RECALLED | names::DELETED) {
            return Err(Fault::new(Code::BadRequest, "messages are taken back by a call of its own"));
        }
        self.service(id).await?;
        let found = self.im.store.user(self.app, robot).await?.filter(|person| person.role == Role::Robot);
        let from = found.ok_or_else(|| Fault::new(Code::NotFound, "no such robot"))?;
        let route = self.im.route_of(self.app, id).await?;
        let outgoing = Outgoing {
            app: self.app.clone(),
            from,
            client_id: Some(client_id),
            flags: content.name.flags(),
            content,
            original: None,
            only: Vec::new(),
            hears: None,
            demand: Demand::Open,
            source: Source::Api,
            except: None,
            echo: false,
            turn: Turn::default(),
        };
        self.im.deliver(&route, outgoing).await
    }
}
