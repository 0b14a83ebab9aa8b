//! Which tables go, in which order, and how each is read on both sides.

use rusqlite::Row;

use super::line::{self, Unfit};
use crate::store::postgres::moving::{Column, Said};

/// What stays: numbers and labels that the target has of its own, the queue of the search index, and SQLite's own.
pub(super) const SKIPPED: [&str; 5] = ["meta", "labels", "reworded", "sqlite_sequence", "sqlite_stat1"];

/// Every table, those that are named by others first, and the order of its rows; `~` marks a text.
pub(super) const TABLES: [(&str, &str); 43] = [
    ("apps", "id"),
    ("sites", "id"),
    ("users", "id"),
    ("agents", "user_id"),
    ("logins", "token"),
    ("setup_codes", "id"),
    ("conversations", "id"),
    ("participants", "conversation_id user_id"),
    ("messages", "id"),
    ("rewritten", "message_id"),
    ("directed", "conversation_id user_id seq"),
    ("deleted", "conversation_id user_id seq"),
    ("mentions", "conversation_id seq coalesce(user_id,-1)"),
    ("tickets", "id"),
    ("bans", "conversation_id user_id"),
    ("blocks", "user_id other_id"),
    ("allowances", "user_id other_id"),
    ("restraints", "user_id what"),
    ("proofs_asked", "id"),
    ("chatrooms", "conversation_id"),
    ("chatroom_attributes", "conversation_id ~name"),
    ("chatroom_rights", "app_id ~handle ~name user_id"),
    ("chatroom_rules", "app_id ~name ~handle"),
    ("chatroom_types", "app_id ~priority ~name"),
    ("webhooks", "id"),
    ("app_secrets", "id"),
    ("notices", "id"),
    ("deliveries", "webhook_id sequence"),
    ("attempts", "id"),
    ("pre_send_hooks", "app_id"),
    ("api_keys", "id"),
    ("kept_answers", "id"),
    ("seen_signatures", "id"),
    ("audit", "id"),
    ("audit_begun", "id"),
    ("words", "app_id ~folded"),
    ("files", "id"),
    ("broadcasts", "id"),
    ("public_services", "user_id"),
    ("follows", "account_id user_id"),
    ("upstreams", "app_id"),
    ("mirrored", "app_id ~uid"),
    ("seats", "user_id"),
];

/// What the target knows of a row and the source has elsewhere: table, column, and the source's expression.
const MADE: [(&str, &str, &str); 3] =
    [("conversations", "newest", NEWEST), ("conversations", "said_at", SAID_AT), ("attempts", "id", "t.rowid")];
const NEWEST: &str =
    "coalesce((select m.id from messages m where m.conversation_id = t.id order by m.seq desc limit 1), 0)";
const SAID_AT: &str =
    "coalesce((select m.sent_at from messages m where m.conversation_id = t.id order by m.seq desc limit 1), 0)";

/// What the index and the figures need of a message besides its own columns.
const BESIDE_MESSAGES: &str = ", (select c.app_id from conversations c where c.id = t.conversation_id),
  (select c.kind from conversations c where c.id = t.conversation_id),
  (select c.created_at from conversations c where c.id = t.conversation_id),
  (select u.role = 'agent' from users u where u.id = t.sender_id)";

/// How one table goes.
pub(super) struct Plan {
    pub(super) table: &'static str,
    order: &'static str,
    /// Columns there, with the expressions here.
    columns: Vec<(Column, String)>,
}

impl Plan {
    /// A column that only the target has keeps its default there.
    pub(super) fn of(table: &'static str, order: &'static str, here: &[String], there: Vec<Column>) -> Self {
        let expression = |column: &Column| {
            let made = MADE.iter().find(|(of, name, _)| *of == table && *name == column.name);
            made.map(|(.., sql)| (*sql).to_owned())
                .or_else(|| here.contains(&column.name).then(|| format!("t.\"{}\"", column.name)))
        };
        let columns = there.into_iter().filter_map(|column| expression(&column).map(|sql| (column, sql))).collect();
        Self { table, order, columns }
    }

    fn order(&self, text: &str) -> String {
        let one = |name: &str| match (name.strip_prefix('~'), self.table, name) {
            (Some(name), ..) => format!("{name}{text}"),
            (None, "attempts", "id") if text.is_empty() => "t.rowid".to_owned(),
            (None, ..) => name.to_owned(),
        };
        self.order.split(' ').map(one).collect::<Vec<_>>().join(", ")
    }

    /// All rows here, in their order.
    pub(super) fn select(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(_, sql)| sql.as_str()).collect();
        let beside = if self.table == "messages" { BESIDE_MESSAGES } else { "" };
        format!("select {}{beside} from \"{}\" t order by {}", columns.join(", "), self.table, self.order(""))
    }

    /// All rows there, in the same order.
    pub(super) fn select_there(&self) -> String {
        format!("select {} from \"{}\" order by {}", self.columns_there(), self.table, self.order(" collate \"C\""))
    }

    /// The columns' names there.
    pub(super) fn columns_there(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(column, _)| format!("\"{}\"", column.name)).collect();
        names.join(", ")
    }

    /// Adds a row of [`select`](Self::select) as a line.
    pub(super) fn write(&self, row: &Row<'_>, text: &mut Vec<u8>) -> Result<(), Unfit> {
        for (place, (column, _)) in self.columns.iter().enumerate() {
            if place > 0 {
                text.push(b'\t');
            }
            let value = row.get_ref(place).map_err(|_| Unfit::Unreadable)?;
            line::add(value, column.is_flag, text)?;
        }
        text.push(b'\n');
        Ok(())
    }

    fn place(&self, name: &str) -> usize {
        self.columns.iter().position(|(column, _)| column.name == name).unwrap_or(usize::MAX)
    }

    /// What a message says, for the index and the figures.
    pub(super) fn said(&self, row: &Row<'_>) -> rusqlite::Result<Said> {
        let beside = self.columns.len();
        Ok(Said {
            id: row.get(self.place("id"))?,
            conversation: row.get(self.place("conversation_id"))?,
            sender: row.get(self.place("sender_id"))?,
            sent_at: row.get(self.place("sent_at"))?,
            name: row.get(self.place("name"))?,
            body: row.get(self.place("body"))?,
            app: row.get(beside)?,
            kind: row.get(beside + 1)?,
            began_at: row.get(beside + 2)?,
            by_agent: row.get(beside + 3)?,
        })
    }
}
