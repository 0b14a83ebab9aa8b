//! Names and values of a form-encoded body, as handlers take them.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use super::refusal::Refusal;

/// Most pairs of one body: a thousand users, and what is said to them.
const MOST_PAIRS: usize = 1100;

/// A form. Of a name that came several times, handlers take the first value or all.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Takes a body apart.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let pairs = url::form_urlencoded::parse(body);
        let pairs: Vec<_> =
            pairs.take(MOST_PAIRS + 1).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if pairs.len() > MOST_PAIRS {
            return Err(Refusal::quantity(&format!("more than {MOST_PAIRS} parameters")));
        }
        if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Refusal::parameter("the character U+0000 cannot be kept"));
        }
        Ok(Self(pairs))
    }

    /// Whether a name has a value, also under the list form `name[…]`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(its, value)| {
            !value.is_empty() && its == name || its.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
        })
    }

    /// The first value of a name; `None` when it is not there or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The first value of a name, perhaps empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name that must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// The value of a name that must be there, as what it is.
    pub(super) fn id<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Refusal> {
        read(name, self.need(name)?)
    }

    /// The value of a name, as what it is.
    pub(super) fn maybe<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name).map(|text| read(name, text)).transpose()
    }

    /// All values of a name, in their order; empty ones are left out.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(its, value)| its == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// All values of a name as what they are; at least one, at most so many.
    pub(super) fn ids<T: FromStr<Err: Display>>(&self, name: &str, most: usize) -> Result<Vec<T>, Refusal> {
        let found: Vec<T> = self.all(name).map(|text| read(name, text)).collect::<Result<_, _>>()?;
        match found.len() {
            0 => Err(Refusal::missing(name)),
            count if count > most => {
                Err(Refusal::quantity(&format!("`{name}` came {count} times; at most {most} are allowed")))
            }
            _ => Ok(found),
        }
    }

    /// A number within a range; `usual` when it is not there.
    pub(super) fn number(&self, name: &str, range: RangeInclusive<u32>, usual: Option<u32>) -> Result<u32, Refusal> {
        let Some(text) = self.text(name) else { return usual.ok_or_else(|| Refusal::missing(name)) };
        let number = text.parse().map_err(|_| Refusal::kind(&format!("`{name}` is not a number")))?;
        if range.contains(&number) {
            return Ok(number);
        }
        let (least, most) = (range.start(), range.end());
        Err(Refusal::parameter(&format!("`{name}` is {number}; allowed are {least} to {most}")))
    }

    /// 1 or 0, also as `true` or `false`; `usual` when it is not there.
    pub(super) fn flag(&self, name: &str, usual: bool) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(usual),
            Some("1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(_) => Err(Refusal::kind(&format!("`{name}` is 0 or 1"))),
        }
    }

    /// What stands as `name[ID]=VALUE`, in its order.
    pub(super) fn bracketed<'f>(&'f self, name: &str) -> Vec<(&'f str, &'f str)> {
        let id = |its: &'f str| its.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']');
        self.0.iter().filter_map(|(its, value)| Some((id(its)?, value.as_str()))).collect()
    }
}

/// A text as what it is; what is wrong with it is said.
pub(super) fn read<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|error: T::Err| Refusal::parameter(&format!("`{name}`: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::UserId;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_no_store_can_keep_is_refused() {
        assert!(
            Form::parse(b"name=a%00b").is_err() && Form::parse(b"a%00=b").is_err() && Form::parse(b"name=ab").is_ok()
        );
    }

    #[test]
    fn repeated_names_are_lists() {
        let form = form("userId=a&userId=b&userId=&name=%E5%BC%A0+x");
        assert_eq!(form.ids::<UserId>("userId", 2).unwrap().len(), 2);
        assert_eq!(form.ids::<UserId>("userId", 1).unwrap_err().code, 1502);
        assert_eq!(form.text("name"), Some("张 x"));
        assert_eq!(form.id::<UserId>("none").unwrap_err().text, "`none` is missing");
        assert_eq!(form.id::<UserId>("name").unwrap_err().code, 1002);
    }

    proptest! {
        #[test]
        fn t1_bodies_of_any_kind_are_read_or_refused(body: Vec<u8>) {
            if let Ok(form) = Form::parse(&body) {
                let _ = (form.bracketed("a").len(), form.has("a"), form.ids::<UserId>("a", 3), form.flag("a", true));
            }
        }
    }

    #[test]
    fn brackets_hold_ids() {
        let form = form("group%5Ba%5D=A&group[b]=B&group=x&groups[c]=C&group[d=D");
        assert_eq!(form.bracketed("group"), [("a", "A"), ("b", "B")]);
        assert!(form.has("group") && !form.has("name"));
    }

    #[test]
    fn numbers_and_flags_say_what_is_wrong_with_them() {
        let form = form("minute=5&wrong=x&on=1&off=false&odd=2");
        assert_eq!(form.number("minute", 1..=10, None).unwrap(), 5);
        assert_eq!(form.number("minute", 6..=10, None).unwrap_err().code, 1002);
        assert_eq!(form.number("wrong", 1..=10, None).unwrap_err().code, 1501);
        assert_eq!(form.number("none", 1..=10, Some(7)).unwrap(), 7);
        assert!(
            form.flag("on", false).unwrap() && !form.flag("off", true).unwrap() && form.flag("none", true).unwrap()
        );
        assert_eq!(form.flag("odd", true).unwrap_err().code, 1501);
    }
}
