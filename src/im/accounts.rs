//! Who somebody is: visitors minted by the widget, agents with a password, users with a token, the first set-up.

use std::time::Duration;

use super::{
    Im,
    backend::users::UserChange,
    tallies::{Care, Counter},
};
use crate::{
    auth::{Code as TypedCode, Token},
    model::{
        AppKey, Caller, Code, Fault, Millis, Person, Role, Site, SiteKey, UserId, person::display_name, tally::Rule,
    },
    store::{AgentAccount, Login, NewLogin, TokenHash},
};

/// How long an agent's login lives without use (O3).
pub const AGENT_IDLE_SECS: i64 = 12 * 3600;
/// How long an agent's login lives at most (O3).
pub const AGENT_ABSOLUTE_SECS: i64 = 7 * 24 * 3600;

/// Longest life of a user's token that can be asked for, in seconds: 10 years.
pub const LONGEST_TOKEN_SECS: u32 = 10 * 365 * 24 * 3600;
/// When a login ends that lives until it is revoked: the end of the valid range, 2200-01-01.
pub(super) const NEVER: Millis = Millis::new(7_258_118_400_000);

/// A caller and the token that proved them.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub caller: Caller,
    /// Kept hash of their token: names the login without opening it.
    pub token: TokenHash,
    /// Until when the token is good without use.
    pub expires_at: Millis,
}

impl Im {
    /// Makes a new visitor of a site, with their token.
    pub async fn mint_visitor(&self, site: &Site) -> Result<(Caller, Token), Fault> {
        let id = self.with_random(|random| UserId::random_visitor(random));
        let person = Person { id, name: String::new(), role: Role::Visitor, portrait: None };
        self.store.save_user(&site.app, person.clone(), self.clock.now()).await?;
        let caller = Caller { app: site.app.clone(), person, site: Some(site.key.clone()) };
        let ends = self.clock.now().plus_secs(self.settings.visitor_token_secs);
        let token = self.keep_new_token(&caller, ends).await?;
        Ok((caller, token))
    }

    /// How long a visitor's token lives without use.
    pub fn visitor_token_secs(&self) -> i64 {
        self.settings.visitor_token_secs
    }

    /// The caller behind a token, with its life prolonged when it was used; `None` when it opens nothing (any more).
    /// A user whom the app's back end blocked hears [`Code::UserBlocked`].
    pub async fn authenticate(&self, token: &Token) -> Result<Option<SignedIn>, Fault> {
        let (hash, now) = (token.hash(), self.clock.now());
        let Some(login) = self.store.login(hash, now).await? else { return Ok(None) };
        let expires_at = self.prolong(hash, &login, now).await?;
        let caller = Caller { app: login.app, person: login.person, site: login.site };
        self.may_come(&caller).await?;
        Ok(Some(SignedIn { caller, token: hash, expires_at }))
    }

    /// As [`Im::authenticate`], for a visitor's token on one site: it opens nothing elsewhere (V2).
    pub async fn authenticate_visitor(&self, token: &Token, site: &SiteKey) -> Result<Option<SignedIn>, Fault> {
        let found = self.authenticate(token).await?;
        Ok(found.filter(|it| it.caller.person.role == Role::Visitor && it.caller.site.as_ref() == Some(site)))
    }

    /// Moves the expiry when a good part of the life has passed, so that reading does not always write.
    async fn prolong(&self, token: TokenHash, login: &Login, now: Millis) -> Result<Millis, Fault> {
        let (lives, end) = match login.person.role {
            Role::Visitor => (self.settings.visitor_token_secs, None),
            Role::Agent => (AGENT_IDLE_SECS, Some(login.created_at.plus_secs(AGENT_ABSOLUTE_SECS))),
            Role::User | Role::Robot | Role::System => return Ok(login.expires_at),
        };
        let wanted = end.map_or(now.plus_secs(lives), |end| end.min(now.plus_secs(lives)));
        if wanted.since(login.expires_at) < lives * 1000 / 10 {
            return Ok(login.expires_at);
        }
        self.store.extend_login(token, wanted).await?;
        Ok(wanted)
    }

    /// Signs an agent in. `network` throttles together with the account (O2); unknown e-mails take as long as known ones.
    pub async fn sign_in(&self, email: &str, password: String, network: &str) -> Result<(Caller, Token), Fault> {
        self.try_once(&self.throttle.networks, &network.to_owned(), self.settings.logins_per_network).await?;
        let email = normal_email(email);
        let account = match &email {
            Some(email) => {
                self.try_once(&self.throttle.accounts, email, self.settings.logins_per_account).await?;
                self.store.agent_by_email(email).await?
            }
            None => None,
        };
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(password, hash).await?;
        let Some(account) = account.filter(|_| right) else {
            return Err(Fault::new(Code::WrongLogin, "E-mail and password do not match."));
        };
        self.tallies.forget(&self.throttle.accounts, &account.email).await;
        let caller = Caller { app: account.app, person: account.person, site: None };
        let token = self.keep_new_token(&caller, self.clock.now().plus_secs(AGENT_IDLE_SECS)).await?;
        tracing::info!(agent.id = %caller.id(), "Agent {} signed in", caller.id());
        Ok((caller, token))
    }

    /// Ends a login, and the connections that stand on it. Other logins of the same person stay.
    pub async fn sign_out(&self, who: &SignedIn) -> Result<(), Fault> {
        self.store.end_login(who.token).await?;
        self.ask_proof(&who.caller.app, who.caller.id());
        Ok(())
    }

    /// Whether a new connection of this caller ends their older ones. Visitors and agents keep theirs (REQ 1.15).
    pub async fn takes_over(&self, caller: &Caller) -> Result<bool, Fault> {
        if caller.person.role != Role::User {
            return Ok(false);
        }
        Ok(self.app_of(&caller.app).await?.is_some_and(|app| !app.features.multi_device))
    }

    /// A token for a user that the app's own back end names. Makes the user when missing; an empty name changes nothing.
    pub async fn issue_user_token(
        &self,
        app: &AppKey,
        id: UserId,
        name: &str,
        lives_secs: Option<u32>,
    ) -> Result<Token, Fault> {
        let change = UserChange { name: (!name.is_empty()).then(|| name.to_owned()), portrait: None };
        Ok(self.backend(app).issue_token(&id, change, lives_secs).await?.token)
    }

    /// Keeps a new token of the caller, good until an instant.
    pub(super) async fn keep_new_token(&self, caller: &Caller, expires_at: Millis) -> Result<Token, Fault> {
        let token = self.with_random(|random| Token::random(random));
        let at = self.clock.now();
        let login =
            NewLogin { token: token.hash(), user: caller.id().clone(), site: caller.site.clone(), expires_at, at };
        self.store.create_login(&caller.app, login).await?;
        Ok(token)
    }

    /// A fresh one-time set-up code while the server has no agent yet; replaces any earlier one.
    pub async fn begin_setup(&self) -> Result<Option<TypedCode>, Fault> {
        if !self.needs_setup().await? {
            return Ok(None);
        }
        let code = self.with_random(|random| TypedCode::random(random));
        self.store.put_setup_code(code.hash(), self.clock.now().plus_secs(self.settings.setup_code_secs)).await?;
        Ok(Some(code))
    }

    /// Whether nobody can sign in yet.
    pub async fn needs_setup(&self) -> Result<bool, Fault> {
        Ok(self.store.count_agents().await? == 0)
    }

    /// Whether this is the printed set-up code. Does not use it up.
    pub async fn check_setup_code(&self, typed: &str, network: &str) -> Result<(), Fault> {
        self.setup_code(typed, network, false).await
    }

    /// Uses the set-up code and makes the first agent, in the oldest app. Signs them in.
    pub async fn set_up(&self, typed: &str, network: &str, agent: NewAgent) -> Result<(Caller, Token), Fault> {
        if !self.needs_setup().await? {
            return Err(Fault::new(Code::WrongCode, "This server is set up already. Sign in instead."));
        }
        // Hashing a password is work: only who knows the code may cause it. It is used up when nothing can be refused.
        self.setup_code(typed, network, false).await?;
        let account = self.new_account(agent).await?;
        self.setup_code(typed, network, true).await?;
        let now = self.clock.now();
        self.store.create_agent(account.clone(), now).await?;
        let caller = Caller { app: account.app, person: account.person, site: None };
        let token = self.keep_new_token(&caller, self.clock.now().plus_secs(AGENT_IDLE_SECS)).await?;
        Ok((caller, token))
    }

    async fn setup_code(&self, typed: &str, network: &str, take: bool) -> Result<(), Fault> {
        self.try_once(&self.throttle.networks, &format!("setup {network}"), self.settings.logins_per_network).await?;
        let wrong = || {
            Fault::new(Code::WrongCode, "This code is not right, or no longer valid. Restart the server for a new one.")
        };
        let code = TypedCode::typed(typed).ok_or_else(wrong)?;
        if self.store.check_setup_code(code.hash(), self.clock.now(), take).await? { Ok(()) } else { Err(wrong()) }
    }

    /// Checks and hashes what a new agent gave.
    pub(super) async fn new_account(&self, agent: NewAgent) -> Result<AgentAccount, Fault> {
        let email = normal_email(&agent.email).ok_or_else(|| {
            Fault::new(Code::BadRequest, "This is not a full e-mail address, such as ada@shop.example.")
        })?;
        let name = display_name(&agent.name)
            .ok_or_else(|| Fault::new(Code::BadRequest, "Visitors see your name; it cannot be empty."))?;
        let app =
            match agent.app {
                Some(app) => app,
                None => self.store.apps().await?.into_iter().next().map(|app| app.key).ok_or_else(|| {
                    Fault::new(Code::NotFound, "there is no app yet; add one with `parlor app add NAME`")
                })?,
            };
        let salt = self.with_random(rand::Rng::random);
        let password_hash = self.passwords.hash(agent.password, salt).await?;
        let id = self.with_random(|random| UserId::random_agent(random));
        let person = Person { id, name, role: Role::Agent, portrait: None };
        Ok(AgentAccount { person, app, email, password_hash })
    }
}

/// What makes an agent.
pub struct NewAgent {
    /// Which app; the oldest when not given.
    pub app: Option<AppKey>,
    /// Their e-mail.
    pub email: String,
    /// The name that visitors see.
    pub name: String,
    /// Their password, 12–256 characters.
    pub password: String,
}

/// An e-mail address in the one form we keep; `None` when it is none.
fn normal_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let plausible = email.len() <= 254
        && !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    plausible.then_some(email)
}

/// The time in which attempts are counted, from the first (security §13).
const WINDOW: Duration = Duration::from_mins(15);

/// Counts attempts of accounts and networks (O2).
#[derive(Debug)]
pub(super) struct Throttle {
    accounts: Counter<String>,
    networks: Counter<String>,
}

impl Default for Throttle {
    fn default() -> Self {
        let counter = |kind| Counter::new(kind, Care::Each, 20_000, WINDOW);
        Self { accounts: counter("sign-ins of an account"), networks: counter("sign-ins of a network") }
    }
}

impl Im {
    /// Counts an attempt, or says that there were too many, on this server and all others.
    async fn try_once(&self, attempts: &Counter<String>, key: &String, most: u32) -> Result<(), Fault> {
        let secs = u32::try_from(WINDOW.as_secs()).unwrap_or(u32::MAX);
        let attempt = self.tallies.of(attempts, key, Rule::window(most, secs), 1);
        if self.tallies.take(&[attempt]).await.all() {
            return Ok(());
        }
        Err(Fault::new(Code::RateLimited, "Too many tries. Wait 15 minutes, then try again.").retry_after(secs))
    }
}
