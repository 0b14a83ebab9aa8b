//! What every engine must do, written once against the trait and run on each engine by its own tests.
//!
//! A case is an `async fn(&dyn Store)` that starts from an empty store. [`run_on`] makes a test of each.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Demand, NewLogin, NewMessage, NewService, Store, StoreError, TokenHash, Transition};
use crate::model::{
    App, AppKey, ClientId, Content, Conversation, ConversationId, Features, Kind, Millis, Person, Role, Seq, Site,
    SiteKey, Source, Stage, UserId,
    command::{History, List},
    content::Mentions,
    conversation::{Context, EndedBy, View},
    site::{Look, Origin},
};

pub(crate) mod app_secrets;
pub(crate) mod back_ends;
pub(crate) mod broadcasts;
pub(crate) mod chatrooms;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod counting;
pub(crate) mod desk;
pub(crate) mod directed;
pub(crate) mod figures;
pub(crate) mod files;
pub(crate) mod finding;
pub(crate) mod groups;
pub(crate) mod hidden;
pub(crate) mod inbox;
pub(crate) mod logins;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod outbox;
pub(crate) mod own;
pub(crate) mod pre_send;
pub(crate) mod public_services;
pub(crate) mod restraints;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod shared;
pub(crate) mod tenancy;
pub(crate) mod unread;
pub(crate) mod upstreams;
pub(crate) mod users;
pub(crate) mod words;

/// Makes a test of every case for one engine: `run_on!(open)`, where `open()` returns the engine and what must
/// outlive it.
macro_rules! run_on {
    ($open:path) => {
        $crate::store::conformance::run_on!($open;
            tenancy: [
                apps_and_sites_are_found_by_key,
                an_installation_has_one_number,
                a_taken_key_is_refused,
                a_site_is_updated_only_by_its_app,
                a_user_keeps_the_role,
                agents_are_found_by_email,
                z1_what_belongs_to_another_app_does_not_exist
            ]
            shared: [
                of_several_labels_the_first_stays
            ]
            app_secrets: [
                a5_two_secrets_stand_side_by_side_and_one_goes
            ]
            back_ends: [
                a_key_is_kept_used_and_revoked,
                a2_a_signature_is_seen_once_and_memory_is_bounded,
                a_first_answer_stays_until_it_is_old,
                the_oldest_answers_go_when_there_are_too_many,
                l2_the_record_grows_and_keeps_its_order,
                l2_what_was_begun_is_settled_or_written_down_as_unsure,
                z1_another_app_has_its_own_keys_answers_and_record,
                o3_a_disabled_agent_is_found_no_more
            ]
            logins: [
                a_token_opens_until_it_expires,
                a_token_can_be_extended_and_ended,
                a_new_password_ends_all_logins,
                expired_tokens_do_not_pile_up,
                a_setup_code_works_once
            ]
            conversations: [
                a_private_conversation_is_the_same_from_both_sides,
                racing_private_conversations_become_one,
                a_users_conversations_come_newest_change_first,
                a_visitor_has_one_open_service_conversation,
                context_adds_to_what_is_known,
                a_later_rating_replaces_the_first,
                tickets_need_their_conversation
            ]
            messages: [
                d2_a_retry_returns_the_first_result,
                d2_a_reused_client_id_is_refused,
                d2_racing_retries_become_one_message,
                d3_racing_messages_get_places_without_gaps,
                pages_go_before_after_and_newest,
                pages_go_by_time,
                pages_by_time_bear_a_clock_that_was_put_back,
                a_page_keeps_the_body_byte_for_byte,
                an_ended_conversation_takes_no_messages_but_answers_retries,
                strangers_cannot_send,
                a_message_is_found_by_its_uid,
                watermarks_only_go_forward_and_stop_at_the_head
            ]
            chatrooms: [
                a_chatroom_is_made_once_and_found_by_its_handle,
                a_chatroom_that_ended_is_made_anew_behind_its_last_message,
                chatrooms_are_nobodys_conversations_and_count_nothing,
                due_chatrooms_come_until_they_are_postponed_or_end,
                trimming_leaves_the_newest,
                attributes_belong_to_who_set_them,
                attributes_are_bounded_and_change_all_or_nothing,
                what_goes_with_a_user_goes_alone,
                rights_outlive_the_room_and_end_in_time,
                lists_have_an_end,
                z1_another_apps_chatrooms_do_not_exist
            ]
            broadcasts: [
                a_broadcast_is_kept_as_it_was_asked_for,
                d2_a_broadcast_asked_for_twice_is_one,
                pieces_name_every_user_once_and_nobody_else,
                a_piece_that_was_not_noted_comes_again,
                the_oldest_unfinished_broadcasts_come_first,
                a_public_service_reaches_those_who_follow_it_at_that_moment,
                z1_another_apps_broadcast_does_not_exist
            ]
            desk: [
                one_of_many_racing_agents_gets_the_conversation,
                only_its_agent_may_end_a_conversation,
                taking_makes_the_agent_a_participant,
                views_show_what_they_say,
                the_waiting_view_pages_in_queue_order,
                the_queue_counts_those_who_wait_longer,
                waiting_begins_with_the_visitors_words_and_ends_with_the_agents,
                idle_conversations_come_oldest_first
            ]
            contacts: [
                a_contact_stays_on_its_list_until_taken_off
            ]
            restraints: [
                a_restraint_stands_until_its_end_or_lifting,
                the_restrained_are_listed_page_by_page_while_it_lasts
            ]
            retention: [
                old_messages_go_in_batches_and_are_unread_no_more,
                what_is_young_of_the_desk_or_of_another_app_stays
            ]
            users: [
                a_profile_tells_name_portrait_and_age,
                tags_are_set_for_all_or_nobody,
                logins_before_an_instant_end,
                all_logins_of_a_user_end_whatever_their_time,
                one_login_of_a_user_ends_by_their_own_app_only,
                every_ended_login_asks_for_proof
            ]
            directed: [
                a_message_for_some_is_nothing_to_the_others,
                who_has_read_is_known_from_the_watermarks,
                what_not_everybody_sees_is_one_question,
                counts_and_pages_match_a_naive_model
            ]
            files: [
                a_file_is_used_by_the_message_that_names_it,
                z2_a_message_names_no_file_of_elsewhere,
                what_a_message_said_takes_its_files_along,
                unused_files_are_given_up,
                quotas_count_a_day_of_files
            ]
            members: [
                a_crowd_is_named_in_part_and_paged_whole,
                who_is_silenced_allowed_or_banned_is_listed,
                silenced_groups_are_listed_by_handle,
                a_group_takes_no_more_than_it_may_have
            ]
            groups: [
                members_come_and_go_and_the_oldest_inherits,
                unread_is_counted_per_member_from_the_day_they_came,
                rights_names_and_bans_are_kept,
                a_dismissed_group_takes_no_messages,
                z3_rights_are_those_of_the_moment_the_message_is_kept,
                a_silence_ends_by_itself
            ]
            hidden: [
                what_was_cleared_is_gone_for_one_reader_only,
                a_deleted_message_leaves_a_mark_in_its_place,
                a_replaced_content_is_gone_and_its_retry_is_harmless,
                mentions_count_until_they_are_read
            ]
            finding: [
                a_pair_is_found_from_both_sides_once_it_is_there,
                a_user_has_one_open_conversation_with_each_site,
                episodes_are_read_like_one_conversation,
                places_are_found_by_time_and_by_id
            ]
            inbox: [
                an_inbox_matches_a_model_that_looks_at_every_message,
                d6_times_grow_for_everybody_who_receives,
                d6_times_grow_in_groups_too_large_to_look_through,
                an_inbox_is_its_users_in_their_app
            ]
            outbox: [
                a_webhook_is_made_changed_and_ended,
                an_app_has_so_many_webhooks,
                a_kept_message_is_recorded_once_for_whoever_wants_it,
                what_the_back_end_sent_is_told_only_on_request,
                every_change_of_the_engine_is_told,
                later_notices_of_a_conversation_wait_for_the_earlier,
                what_was_given_up_can_go_on,
                a_paused_or_switched_off_webhook_is_not_asked,
                the_outbox_stays_bounded,
                z1_webhooks_belong_to_their_app
            ]
            pre_send: [
                an_app_has_one_pre_send_hook
            ]
            public_services: [
                a_public_service_is_saved_changed_and_keeps_its_kind,
                a_person_is_no_public_service,
                who_follows_does_so_once_and_until_they_leave,
                public_services_are_found_page_by_page,
                z1_another_apps_public_services_do_not_exist
            ]
            own: [
                pinned_conversations_come_first_page_by_page,
                a_removed_conversation_comes_back_with_a_new_message,
                unread_counts_are_summed_over_the_own_list,
                only_participants_keep_a_conversation
            ]
            unread: [
                unread_counts_match_a_naive_model,
                notes_do_not_raise_unread_counts
            ]
            counting: [
                every_count_matches_a_naive_model
            ]
            figures: [
                a_day_counts_what_happened_in_it,
                everything_kept_in_a_window_comes_out_in_its_order,
                what_was_kept_before_an_instant_is_whole_once_that_is_over
            ]
            search: [
                words_are_found_by_substring_in_every_script,
                hits_come_newest_first_page_by_page,
                z3_nobody_finds_what_they_may_not_see,
                agents_find_service_conversations_and_visitors_their_own,
                what_was_taken_back_is_found_no_more
            ]
            upstreams: [
                an_app_has_one_upstream,
                a_copy_has_the_id_time_and_order_of_its_original,
                a_copy_is_made_once,
                an_id_that_is_taken_or_from_the_future_is_not_taken_over,
                a_seat_knows_how_far_it_came_and_what_is_on_its_way,
                d2_a_retry_finds_the_copy
            ]
            words: [
                words_come_and_go_per_app,
                d2_a_rewritten_message_is_the_same_in_a_retry,
                what_must_be_a_retry_is_nothing_new,
                a_rewritten_message_can_go
            ]
        );
    };
    ($open:path; $($group:ident: [$($case:ident),*])*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, _keep) = $open();
                $crate::store::conformance::$group::$case(&store).await;
                store.close().await;
            }
        )*)*
    };
}
pub(crate) use run_on;

/// When everything here begins.
pub(crate) const NOON: Millis = Millis::new(1_790_000_000_000);

/// Some seconds after [`NOON`].
pub(crate) fn at(secs: i64) -> Millis {
    NOON.plus_secs(secs)
}

static IDS: AtomicU64 = AtomicU64::new(1);

/// A conversation id that was not used before.
pub(crate) fn fresh_id() -> ConversationId {
    ConversationId::from_u128(u128::from(IDS.fetch_add(1, Ordering::Relaxed)) << 64)
}

pub(crate) fn user(text: &str) -> UserId {
    text.parse().unwrap()
}

pub(crate) fn person(id: &str, role: Role) -> Person {
    Person { id: user(id), name: format!("The {id}"), role, portrait: None }
}

pub(crate) fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

/// An app with a site, visitors `vera` and `viktor`, agents `anna` and `ben`, users `alice` and `bob`.
pub(crate) struct House<'s> {
    pub(crate) store: &'s dyn Store,
    pub(crate) app: AppKey,
    pub(crate) site: SiteKey,
}

impl<'s> House<'s> {
    pub(crate) async fn new(store: &'s dyn Store) -> Self {
        Self::named(store, "halden").await
    }

    pub(crate) async fn named(store: &'s dyn Store, name: &str) -> Self {
        let app: AppKey = name.parse().unwrap();
        let site: SiteKey = format!("{name}site").parse().unwrap();
        store
            .create_app(App {
                key: app.clone(),
                name: name.to_owned(),
                features: Features::default(),
                created_at: NOON,
            })
            .await
            .unwrap();
        store
            .create_site(Site {
                key: site.clone(),
                app: app.clone(),
                name: format!("{name} shop"),
                origins: vec![Origin::parse("https://shop.example").unwrap()],
                look: Look::default(),
                created_at: NOON,
            })
            .await
            .unwrap();
        for (id, role) in [
            ("vera", Role::Visitor),
            ("viktor", Role::Visitor),
            ("anna", Role::Agent),
            ("ben", Role::Agent),
            ("alice", Role::User),
            ("bob", Role::User),
        ] {
            store.save_user(&app, person(id, role), NOON).await.unwrap();
        }
        Self { store, app, site }
    }

    /// The private conversation of `alice` and `bob`.
    pub(crate) async fn private(&self) -> Conversation {
        let (alice, bob) = (user("alice"), user("bob"));
        self.store.pair_conversation(&self.app, Kind::Private, &alice, &bob, fresh_id(), NOON).await.unwrap()
    }

    /// A service conversation of this visitor, queued at this time.
    pub(crate) async fn queued(&self, visitor: &str, since: Millis) -> Conversation {
        self.begin(visitor, Stage::Queued { since }, since).await
    }

    pub(crate) async fn begin(&self, visitor: &str, stage: Stage, at: Millis) -> Conversation {
        let new = NewService {
            id: fresh_id(),
            site: self.site.clone(),
            visitor: user(visitor),
            stage,
            context: Context::default(),
            at,
        };
        self.store.begin_service(&self.app, new).await.unwrap()
    }

    /// This agent takes the conversation.
    pub(crate) async fn accept(
        &self,
        conversation: ConversationId,
        agent: &str,
        at: Millis,
    ) -> super::Result<Conversation> {
        let to = Stage::Human { agent: user(agent), since: at };
        let from = &["queued", "offline"];
        self.store.transition(&self.app, Transition { conversation, from, only_agent: None, to, at }).await
    }

    /// This agent ends the conversation.
    pub(crate) async fn end(
        &self,
        conversation: ConversationId,
        agent: &str,
        at: Millis,
    ) -> super::Result<Conversation> {
        let to = Stage::Ended { at, by: EndedBy::AgentClosed, agent: Some(user(agent)) };
        let from = &["queued", "offline", "human"];
        let only_agent = Some(user(agent));
        self.store.transition(&self.app, Transition { conversation, from, only_agent, to, at }).await
    }

    /// Somebody says something; the place of the message.
    pub(crate) async fn says(&self, conversation: ConversationId, from: Person, words: &str, at: Millis) -> Seq {
        let new = message(conversation, from, words, at);
        self.store.append(&self.app, new).await.unwrap().message.seq.unwrap()
    }

    pub(crate) async fn get(&self, conversation: ConversationId) -> Conversation {
        self.store.conversation(&self.app, conversation).await.unwrap().unwrap()
    }

    pub(crate) async fn page(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        after: Option<u64>,
        limit: u16,
    ) -> (Vec<u64>, bool) {
        let query = History { before: before.map(Seq), after: after.map(Seq), ..History::newest(conversation, limit) };
        let page = self.store.page(&self.app, &query).await.unwrap();
        (page.messages.iter().map(|message| message.seq.unwrap().0).collect(), page.more)
    }

    pub(crate) async fn view(&self, agent: &str, view: View) -> Vec<ConversationId> {
        let list = List { view: Some(view), limit: 100, ..List::default() };
        let found = self.store.desk_view(&self.app, &user(agent), &list).await.unwrap();
        found.iter().map(|conversation| conversation.id).collect()
    }
}

/// A text message without a client id.
pub(crate) fn message(conversation: ConversationId, from: Person, words: &str, at: Millis) -> NewMessage {
    NewMessage {
        conversation,
        from,
        client_id: None,
        content: Content::text(words),
        counted: true,
        mentions: Mentions::Nobody,
        only: Vec::new(),
        at,
        demand: Demand::Open,
        source: Source::Client,
        original: None,
    }
}

pub(crate) fn client_id(text: &str) -> ClientId {
    text.parse().unwrap()
}

pub(crate) fn login(user_id: &str, number: u8, expires_at: Millis) -> NewLogin {
    NewLogin { token: token(number), user: user(user_id), site: None, expires_at, at: NOON }
}

/// Asserts on the kind of an error, which has no equality of its own.
macro_rules! refused {
    ($result:expr, $error:pat) => {
        let result = $result;
        assert!(matches!(&result, Err($error)), "{result:?}");
    };
}
use refused;

fn no_conversation<T>(result: &super::Result<T>) -> bool {
    matches!(result, Err(StoreError::NoConversation))
}
