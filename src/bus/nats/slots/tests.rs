use proptest::prelude::*;

use super::*;

fn app() -> AppKey {
    "app1".parse().unwrap()
}

fn user(number: usize) -> UserId {
    format!("user{number}").parse().unwrap()
}

fn set(list: &[Slot]) -> Slots {
    let slots = Slots::default();
    for slot in list {
        slots.add(*slot);
    }
    slots
}

fn heard(bytes: &[u8], by: &Slots) -> u64 {
    let Saying { version, what } = Saying::read(bytes).unwrap();
    by.heed(what);
    version
}

#[test]
fn a_slot_never_changes_between_versions() {
    let interests = [
        Interest::Person(app(), user(1)),
        Interest::Agents(app()),
        Interest::Visitors(app()),
        Interest::Room(ConversationId::from_u128(7)),
    ];
    assert_eq!(interests.map(|interest| of_interest(&interest)), [0x402d, 0x77df, 0xf69c, 0x4039]);
}

#[test]
fn an_audience_has_the_slots_of_its_people() {
    let interests = [Interest::Agents(app()), Interest::Visitors(app())]
        .into_iter()
        .chain([1, 2].map(|number| Interest::Person(app(), user(number))));
    let expected: Vec<_> = interests.map(|interest| of_interest(&interest)).collect();
    let audience = Audience { users: vec![user(1), user(2)], agents: true, visitors: true, ..Audience::of(app()) };
    assert_eq!(of_audience(&audience).collect::<Vec<_>>(), expected);
    let room = ConversationId::from_u128(7);
    let inside = Audience { room: Some(room), ..audience };
    assert_eq!(of_audience(&inside).collect::<Vec<_>>(), [of_interest(&Interest::Room(room))]);
    assert_eq!(of_audience(&Audience::of(app())).count(), 0);
}

#[test]
fn people_are_spread_evenly() {
    let slots = Slots::default();
    let fresh = (0..16_000).filter(|number| slots.add(person(&app(), &user(*number)))).count();
    // By chance alone it would be 14,199.
    assert!((14_000..14_400).contains(&fresh), "{fresh}");
}

#[test]
fn a_large_set_is_told_as_a_map_and_a_small_one_as_a_list() {
    let few = set(&[0, 63, 64, u16::MAX]);
    let many = set(&(0..5000).map(|number| number * 13).collect::<Vec<_>>());
    assert_eq!((few.said(1).len(), many.said(1).len()), (9 + 8, 9 + BYTES));
    let told = set(&[1, 2]);
    assert_eq!(heard(&few.said(7), &told), 7);
    assert_eq!(told.list(), few.list());
    assert_eq!(heard(&many.said(8), &told), 8);
    assert_eq!(told.list(), many.list());
    assert_eq!(heard(&also(9, &[5]), &few), 9);
    assert_eq!(few.list(), [0, 5, 63, 64, u16::MAX]);
    few.retain(|slot| slot % 2 == 1);
    assert_eq!(few.list(), [5, 63, u16::MAX]);
}

#[test]
fn w5_what_is_no_saying_is_none() {
    let map = |length: usize| written(b'm', 1, std::iter::repeat_n(0, length));
    assert!(Saying::read(&map(BYTES)).is_some());
    for bytes in [map(BYTES - 1), map(BYTES + 1), map(0), written(b'a', 1, 0..3), written(b'l', 1, 0..1)] {
        assert!(Saying::read(&bytes).is_none(), "{} bytes", bytes.len());
    }
    for bytes in [&b""[..], b"m", b"l1234567", b"z12345678"] {
        assert!(Saying::read(bytes).is_none(), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn a_set_is_told_whole(list: Vec<u16>) {
        let (slots, told) = (set(&list), set(&[3, 4, 5]));
        heard(&slots.said(1), &told);
        prop_assert_eq!(told.list(), slots.list());
        prop_assert!(list.iter().all(|slot| told.has(*slot)));
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>, kind in prop::sample::select(&b"mla"[..])) {
        let headed: Vec<u8> = std::iter::once(kind).chain(bytes.iter().copied()).collect();
        for said in [&bytes, &headed] {
            if let Some(saying) = Saying::read(said) {
                Slots::default().heed(saying.what);
            }
        }
    }
}
