//! Users: who they are, and the tokens that prove it.

use super::Backend;
use crate::{
    auth::Token,
    im::{
        accounts::{LONGEST_TOKEN_SECS, NEVER},
        apps::no_app,
    },
    model::{
        Caller, Code, Fault, Millis, Person, Role, UserId,
        person::{Profile, display_name},
    },
};

/// Longest address of a picture, in bytes.
const MAX_PORTRAIT: usize = 512;
/// Most tags of one user, and the longest in bytes.
const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 40;
/// Most users whose tags are set or read at once.
const MOST_TAGGED: usize = 1000;
const MOST_READ: usize = 50;

/// What a back end says of a user. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The name shown; empty for none.
    pub name: Option<String>,
    /// Address of a picture; empty for none.
    pub portrait: Option<String>,
}

/// A new token of a user.
#[derive(Debug)]
pub struct IssuedToken {
    /// The secret, shown this once.
    pub token: Token,
    /// Until when; `None`: until it is revoked.
    pub expires_at: Option<Millis>,
}

impl Backend<'_> {
    /// Makes a user, or changes what is given. Running connections go by the old name until they connect again.
    pub async fn save_user(&self, user: &UserId, change: UserChange) -> Result<Profile, Fault> {
        self.person(user, change).await?;
        self.user(user).await
    }

    /// What is kept of a user. Visitors and agents are people too, but not the back end's.
    pub async fn user(&self, user: &UserId) -> Result<Profile, Fault> {
        let profile = self.im.store.profile(self.app, user).await?;
        profile.filter(|profile| profile.person.role == Role::User).ok_or_else(no_user)
    }

    /// Makes those of these users that nobody knows yet, without a name: back ends may speak of their users before these
    /// have come for the first time.
    pub async fn know_users(&self, users: &[UserId]) -> Result<(), Fault> {
        for user in users {
            if self.im.store.user(self.app, user).await?.is_none() {
                self.person(user, UserChange::default()).await?;
            }
        }
        Ok(())
    }

    /// A token for a user, who is made when missing. It lives as long as asked for, else as the app's switches say; 0 is
    /// until revoked.
    pub async fn issue_token(
        &self,
        user: &UserId,
        change: UserChange,
        lives_secs: Option<u32>,
    ) -> Result<IssuedToken, Fault> {
        let app = self.im.app_of(self.app).await?.ok_or_else(no_app)?;
        let lives_secs = lives_secs.unwrap_or(app.features.user_token_secs);
        if lives_secs > LONGEST_TOKEN_SECS {
            let message = format!("the token's life is {lives_secs} s; allowed are 0 to {LONGEST_TOKEN_SECS}");
            return Err(Fault::new(Code::BadRequest, message));
        }
        let person = self.person(user, change).await?;
        let caller = Caller { app: self.app.clone(), person, site: None };
        let ends = (lives_secs > 0).then(|| self.im.clock.now().plus_secs(i64::from(lives_secs)));
        let token = self.im.keep_new_token(&caller, ends.unwrap_or(NEVER)).await?;
        Ok(IssuedToken { token, expires_at: ends })
    }

    /// Ends one token of a user of this app; the connections that stand on it close. Whether it was one.
    pub async fn revoke_token(&self, token: &Token) -> Result<bool, Fault> {
        let owner = self.im.store.end_user_login(self.app, token.hash()).await?;
        if let Some(user) = &owner {
            self.im.ask_proof(self.app, user);
        }
        Ok(owner.is_some())
    }

    /// Ends every token of a user that was issued before an instant; without one, every token there is.
    pub async fn revoke_tokens(&self, user: &UserId, before: Option<Millis>) -> Result<(), Fault> {
        self.user(user).await?;
        self.im.store.end_logins(self.app, user, before).await?;
        self.im.ask_proof(self.app, user);
        Ok(())
    }

    /// Replaces the tags of users: at most 20 each, at most 40 bytes long.
    pub async fn set_tags(&self, users: &[UserId], tags: &[String]) -> Result<(), Fault> {
        at_most("users", users.len(), MOST_TAGGED)?;
        at_most("tags", tags.len(), MAX_TAGS)?;
        for tag in tags {
            if tag.trim().is_empty() || tag.len() > MAX_TAG || tag.chars().any(char::is_control) {
                let message = format!("a tag has 1 to {MAX_TAG} bytes of visible text; one has {}", tag.len());
                return Err(Fault::new(Code::BadRequest, message));
            }
        }
        Ok(self.im.store.set_tags(self.app, users, tags).await?)
    }

    /// The tags of at most 50 users; unknown ones are left out.
    pub async fn tags_of(&self, users: &[UserId]) -> Result<Vec<(UserId, Vec<String>)>, Fault> {
        at_most("users", users.len(), MOST_READ)?;
        Ok(self.im.store.tags_of(self.app, users).await?)
    }

    /// The user as they are kept from now on.
    async fn person(&self, user: &UserId, change: UserChange) -> Result<Person, Fault> {
        self.im.app_of(self.app).await?.ok_or_else(no_app)?;
        let known = self.im.store.user(self.app, user).await?;
        let mut person =
            known.unwrap_or_else(|| Person { id: user.clone(), name: String::new(), role: Role::User, portrait: None });
        if person.role != Role::User {
            return Err(Fault::new(Code::AlreadyExists, "this id belongs to a visitor or an agent; take another one"));
        }
        if let Some(name) = change.name {
            person.name = display_name(&name).unwrap_or_default();
        }
        if let Some(portrait) = change.portrait {
            person.portrait = portrait_of(&portrait)?;
        }
        self.im.store.save_user(self.app, person.clone(), self.im.clock.now()).await?;
        Ok(person)
    }
}

/// Refuses lists that are too long.
pub(super) fn at_most(what: &str, given: usize, most: usize) -> Result<(), Fault> {
    if given <= most {
        return Ok(());
    }
    Err(Fault::new(Code::BadRequest, format!("`{what}` holds {given}; allowed are at most {most}")))
}

/// There is no such user in this app.
pub(super) fn no_user() -> Fault {
    Fault::new(Code::NotFound, "no such user")
}

/// A picture's address: http or https, without credentials. Empty for none.
fn portrait_of(text: &str) -> Result<Option<String>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        let message =
            format!("a portrait is an http or https address of at most {MAX_PORTRAIT} bytes, without a login");
        Fault::new(Code::BadRequest, message)
    };
    if text.len() > MAX_PORTRAIT {
        return Err(wrong());
    }
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let fine = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    // As it was understood, so that nobody can understand it otherwise.
    let address = String::from(url);
    if fine && address.len() <= MAX_PORTRAIT { Ok(Some(address)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portrait_is_a_plain_web_address() {
        let long = format!("https://a.example/{}", "x".repeat(500));
        for wrong in [
            "javascript:alert(1)",
            "JaVaScRiPt://a%0aalert(1)",
            "data:image/png;base64,",
            "//a.example/x",
            "x",
            "https://me:secret@a.example/x",
            "ftp://a.example/x",
            "https://",
            &long,
        ] {
            assert_eq!(portrait_of(wrong).unwrap_err().code, Code::BadRequest, "{wrong}");
        }
        assert_eq!(portrait_of("").unwrap(), None);
        assert_eq!(portrait_of("https://a.example/x.png?s=1").unwrap().unwrap(), "https://a.example/x.png?s=1");
    }
}
