//! One declaration of a key feeds the reader, the schema and `kinesim explain`.
//!
//! `section!` declares a map with fixed keys, `choice!` a bare word or a one-key map. The
//! doc comments are what a user reads; a default is the text a user could have written,
//! and comes from a fact wherever a figure is involved.

use super::context::Cx;
use super::diag::Span;
use super::node::Node;
use crate::facts::Fact;

/// A type that can be read from a node.
pub trait Read: Sized {
    /// What the schema and the help say about it.
    fn shape() -> Shape;

    /// Reads a node; `None` after reporting why not.
    fn read(node: &Node, cx: &mut Cx) -> Option<Self>;

    /// The value when the key is not written and has no default.
    fn absent() -> Option<Self> {
        None
    }

    /// The size of the value, for range checks.
    fn measure(&self) -> Option<u128> {
        None
    }

    /// A word that may stand in place of a value in range.
    fn besides() -> Option<&'static str> {
        None
    }
}

/// The form of a value.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A scalar.
    Scalar(Scalar),
    /// A map with fixed keys.
    Section(&'static [Key]),
    /// A map from names the user chooses.
    Named(fn() -> Shape),
    /// A list.
    List(fn() -> Shape),
    /// A bare word or a one-key map.
    Choice(&'static [Variant]),
    /// Either of two forms.
    Either(fn() -> Shape, fn() -> Shape),
}

/// A scalar.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    /// In words, with an article: `a duration`.
    pub what: &'static str,
    /// An example.
    pub example: &'static str,
    /// A pattern for editors; the reader is stricter.
    pub pattern: &'static str,
}

/// A key of a section.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What it holds.
    pub shape: fn() -> Shape,
    /// Default and range.
    pub rule: Rule,
}

/// A word of a choice.
pub struct Variant {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What stands under it, if anything may.
    pub body: Option<fn() -> Shape>,
    /// Part of the grammar, but not built yet.
    pub reserved: bool,
}

/// Default and range of a key.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// When the key is not written.
    pub default: Default,
    /// Zero makes no sense.
    pub positive: bool,
    /// Smallest value.
    pub min: Option<Bound>,
    /// Largest value.
    pub max: Option<Bound>,
}

/// What holds when a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// It must be written.
    Required,
    /// Nothing.
    Nothing,
    /// This text, a choice of the model's own.
    Text(&'static str),
    /// The value of this fact.
    Fact(&'static Fact),
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// True by meaning: a share is at most the whole.
    Text(&'static str),
    /// A documented limit.
    Fact(&'static Fact),
}

/// The key must be written.
pub const REQUIRED: Rule = rule(Default::Required);
/// The key may be left out.
pub const OPTIONAL: Rule = rule(Default::Nothing);

const fn rule(default: Default) -> Rule {
    Rule { default, positive: false, min: None, max: None }
}

/// Left out, it is this text.
pub const fn default(text: &'static str) -> Rule {
    rule(Default::Text(text))
}

/// Left out, it is the value of this fact.
pub const fn fact(fact: &'static Fact) -> Rule {
    rule(Default::Fact(fact))
}

impl Rule {
    /// More than zero.
    pub const fn positive(self) -> Rule {
        Rule { positive: true, ..self }
    }
    /// At least this, by meaning.
    pub const fn min(self, text: &'static str) -> Rule {
        Rule { min: Some(Bound::Text(text)), ..self }
    }
    /// At most this, by meaning.
    pub const fn max(self, text: &'static str) -> Rule {
        Rule { max: Some(Bound::Text(text)), ..self }
    }
    /// At least the value of a fact.
    pub const fn min_fact(self, fact: &'static Fact) -> Rule {
        Rule { min: Some(Bound::Fact(fact)), ..self }
    }
    /// At most the value of a fact.
    pub const fn max_fact(self, fact: &'static Fact) -> Rule {
        Rule { max: Some(Bound::Fact(fact)), ..self }
    }
}

/// A value that remembers where it was written.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub at: Span,
}

/// A field's name as the user writes it.
pub const fn plain(name: &'static str) -> &'static str {
    // `r#for` is how Rust writes a field named `for`.
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Declares a map with fixed keys. A rule between some of them (`check`) reports what it finds, and reading goes on.
macro_rules! section {
    (
        $(#[doc = $sdoc:literal])+
        $Name:ident { $( $(#[doc = $doc:literal])+ $field:ident : $ty:ty = $rule:expr , )* }
        $( check $( $check:ident ( $($known:ident),+ ) ),+ ; )?
    ) => {
        $(#[doc = $sdoc])+
        #[derive(Clone, Debug)]
        // Not every section is pointed at, and reserved keys hold nothing.
        #[allow(dead_code)]
        pub struct $Name {
            /// Where the section is written.
            pub place: $crate::scenario::diag::Span,
            $( $(#[doc = $doc])+ pub $field: $ty, )*
        }

        impl $Name {
            const KEYS: &'static [$crate::scenario::grammar::Key] = &[ $(
                $crate::scenario::grammar::Key {
                    name: $crate::scenario::grammar::plain(stringify!($field)),
                    doc: concat!($($doc),+),
                    shape: <$ty as $crate::scenario::grammar::Read>::shape,
                    rule: $rule,
                },
            )* ];
        }

        impl $crate::scenario::grammar::Read for $Name {
            fn shape() -> $crate::scenario::grammar::Shape {
                $crate::scenario::grammar::Shape::Section($Name::KEYS)
            }

            fn read(
                node: &$crate::scenario::node::Node,
                cx: &mut $crate::scenario::context::Cx,
            ) -> Option<Self> {
                cx.section(node, $Name::KEYS)?;
                let mut keys = $Name::KEYS.iter();
                // Every key is read before the first failure ends the section.
                $( let $field: Option<$ty> = keys.next().and_then(|key| cx.field(node, key, $Name::KEYS)); )*
                // And every rule between keys is checked that has all of its own.
                $( $( if let ($(Some($known),)+) = ($($known.as_ref(),)+) {
                    $check($($known,)+ node.span, cx);
                } )+ )?
                Some($Name { place: node.span, $( $field: $field?, )* })
            }
        }
    };
}

/// Declares a bare word or a one-key map.
macro_rules! choice {
    (
        $(#[doc = $sdoc:literal])+
        $Name:ident { $( $(#[doc = $doc:literal])+ $word:ident : $Var:ident $(($body:ty))? , )* }
        $( reserved { $( $(#[doc = $rdoc:literal])+ $rword:ident , )* } )?
        $( bare $Bare:ident ($bty:ty) ; )?
    ) => {
        $(#[doc = $sdoc])+
        #[derive(Clone, Debug)]
        pub enum $Name {
            $( $(#[doc = $doc])+ $Var $(($body))? , )*
            $( /// Written bare.
               $Bare($bty), )?
        }

        impl $Name {
            const WORDS: &'static [$crate::scenario::grammar::Variant] = &[
                $( $crate::scenario::grammar::Variant {
                    name: stringify!($word),
                    doc: concat!($($doc),+),
                    body: choice!(@shape $($body)?),
                    reserved: false,
                }, )*
                $( $( $crate::scenario::grammar::Variant {
                    name: stringify!($rword),
                    doc: concat!($($rdoc),+),
                    body: None,
                    reserved: true,
                }, )* )?
            ];
        }

        impl $crate::scenario::grammar::Read for $Name {
            fn shape() -> $crate::scenario::grammar::Shape {
                let words = $crate::scenario::grammar::Shape::Choice($Name::WORDS);
                $( let words = {
                    let _ = words;
                    $crate::scenario::grammar::Shape::Either(
                        <$bty as $crate::scenario::grammar::Read>::shape,
                        || $crate::scenario::grammar::Shape::Choice($Name::WORDS),
                    )
                }; )?
                words
            }

            fn read(
                node: &$crate::scenario::node::Node,
                cx: &mut $crate::scenario::context::Cx,
            ) -> Option<Self> {
                let picked = cx.choice(node, $Name::WORDS, choice!(@bare $($bty)?))?;
                match picked {
                    $crate::scenario::choose::Picked::Bare => choice!(@readbare node cx $Name $($Bare $bty)?),
                    $crate::scenario::choose::Picked::Word(word, at, body) => {
                        cx.enter(word);
                        let read = cx.under(at, |cx| match word {
                            $( stringify!($word) => choice!(@read body cx $Name $Var $($body)?), )*
                            _ => None,
                        });
                        cx.leave();
                        read
                    }
                }
            }
        }
    };
    (@shape) => { None };
    (@shape $body:ty) => { Some(<$body as $crate::scenario::grammar::Read>::shape) };
    (@bare) => { None };
    (@bare $bty:ty) => { Some(<$bty as $crate::scenario::grammar::Read>::shape()) };
    (@readbare $node:ident $cx:ident $Name:ident) => { None };
    (@readbare $node:ident $cx:ident $Name:ident $Bare:ident $bty:ty) => {
        <$bty as $crate::scenario::grammar::Read>::read($node, $cx).map($Name::$Bare)
    };
    (@read $body:ident $cx:ident $Name:ident $Var:ident) => { { let _ = (&$body, &$cx); Some($Name::$Var) } };
    (@read $body:ident $cx:ident $Name:ident $Var:ident $ty:ty) => {
        <$ty as $crate::scenario::grammar::Read>::read(&$body, $cx).map($Name::$Var)
    };
}

pub(crate) use {choice, section};
