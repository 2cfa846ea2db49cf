//! The rules by which tokens are read. JavaScript registers them once, as an object, and names them
//! by a number from then on.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use super::ring::Ring;
use super::words;
use crate::verify::rules::{Rules, Time, Tolerance, Wanted};
use crate::verify::{Algorithm, Algorithms, media_type};

/// [`RuleSet`] as TypeScript sees it.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What is asked of the tokens of one issuer. Times are in seconds. */
export interface RuleSet {
  /** Null: the issuer is not known yet, and every token is foreign. */
  readonly issuer: string | null;
  /** The values of `typ`, in place of the profile's; empty for those. */
  readonly types: readonly string[];
  /** Null: `aud` is not looked at. */
  readonly audiences: readonly string[] | null;
  readonly claims: readonly WantedClaim[];
  readonly tolerate: readonly ("padding" | "numeric-sub" | "numeric-jti")[];
  /** Whether padding is read at all: some issuer of the verifier pads. */
  readonly readsPadding: boolean;
  readonly requiredClaims: readonly string[];
  readonly allowNoExpiry: boolean;
  /** Whether `cnf` has to be what a DPoP proof can confirm, if it is there. */
  readonly confirms: boolean;
  readonly clockTolerance: number;
  readonly maxTokenAge: number | null;
  readonly maxTokenBytes: number;
  /** Those that a header may name: of all issuers of a verifier. */
  readonly algorithms: readonly Algorithm[];
}

/** A claim that must be one of these texts, or a list that holds one of them. */
export interface WantedClaim {
  readonly name: string;
  readonly values: readonly string[];
}
"#;

// Read member by member: serde's way in would bring the formatting of floats with it, for messages
// that nobody reads, and weigh five kilobytes.
#[wasm_bindgen]
extern "C" {
    /// An object of TypeScript's `RuleSet`.
    #[wasm_bindgen(typescript_type = "RuleSet")]
    pub type RuleSet;

    #[wasm_bindgen(method, getter)]
    fn issuer(this: &RuleSet) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn types(this: &RuleSet) -> Vec<String>;
    #[wasm_bindgen(method, getter)]
    fn audiences(this: &RuleSet) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn claims(this: &RuleSet) -> Vec<WantedClaim>;
    #[wasm_bindgen(method, getter)]
    fn tolerate(this: &RuleSet) -> Vec<String>;
    #[wasm_bindgen(method, getter, js_name = readsPadding)]
    fn reads_padding(this: &RuleSet) -> bool;
    #[wasm_bindgen(method, getter, js_name = requiredClaims)]
    fn required_claims(this: &RuleSet) -> Vec<String>;
    #[wasm_bindgen(method, getter, js_name = allowNoExpiry)]
    fn allow_no_expiry(this: &RuleSet) -> bool;
    #[wasm_bindgen(method, getter)]
    fn confirms(this: &RuleSet) -> bool;
    #[wasm_bindgen(method, getter, js_name = clockTolerance)]
    fn clock_tolerance(this: &RuleSet) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxTokenAge)]
    fn max_token_age(this: &RuleSet) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = maxTokenBytes)]
    fn max_token_bytes(this: &RuleSet) -> usize;
    #[wasm_bindgen(method, getter)]
    fn algorithms(this: &RuleSet) -> Vec<String>;

    /// An object of TypeScript's `WantedClaim`.
    #[wasm_bindgen(typescript_type = "WantedClaim")]
    pub type WantedClaim;

    #[wasm_bindgen(method, getter)]
    fn name(this: &WantedClaim) -> String;
    #[wasm_bindgen(method, getter)]
    fn values(this: &WantedClaim) -> Vec<String>;
}

/// The rules for claims, and what is asked of a token before it has any.
pub(super) struct Registered {
    pub(super) rules: Rules,
    pub(super) longest: usize,
    pub(super) algorithms: Algorithms,
    pub(super) with_padding: bool,
}

impl RuleSet {
    /// `None`: one of the words is none of ours.
    fn read(&self, profile: words::Profile) -> Option<Registered> {
        let tolerate = self.tolerate();
        let tolerates = |word: &str| tolerate.iter().any(|known| known == word);
        Some(Registered {
            rules: Rules {
                profile: profile.read()?,
                types: self.types().into_iter().map(media_type).collect(),
                tolerance: Tolerance {
                    padding: tolerates("padding"),
                    numeric_sub: tolerates("numeric-sub"),
                    numeric_jti: tolerates("numeric-jti"),
                },
                issuer: self.issuer(),
                audiences: self.audiences(),
                wanted: self
                    .claims()
                    .iter()
                    .map(|claim| Wanted { name: claim.name(), values: claim.values() })
                    .collect(),
                required: self.required_claims(),
                allow_no_expiry: self.allow_no_expiry(),
                confirms: self.confirms(),
                time: Time { tolerance: self.clock_tolerance(), max_age: self.max_token_age() },
            },
            longest: self.max_token_bytes(),
            algorithms: self
                .algorithms()
                .iter()
                .map(|name| Algorithm::named(name))
                .collect::<Option<_>>()?,
            with_padding: self.reads_padding(),
        })
    }
}

/// More than any application has issuers in use at a time.
const MOST_RULES: usize = 4_096;

thread_local! {
    static REGISTRY: RefCell<Ring<Registered, MOST_RULES>> = const { RefCell::new(Ring::EMPTY) };
}

/// Registers the rules by which tokens of a profile are read. They stay until thousands of others
/// have been registered. Then a function that is given their number says that it knows none, and
/// they are to be registered again.
#[wasm_bindgen]
#[must_use]
pub fn register(profile: words::Profile, rules: &RuleSet) -> u32 {
    let registered = rules.read(profile).expect("TypeScript knows the words");
    REGISTRY.with_borrow_mut(|registry| registry.push(registered))
}

/// Looks at the rules of a number; `None` when it knows none.
pub(super) fn with<T>(number: u32, look: impl FnOnce(&Registered) -> T) -> Option<T> {
    REGISTRY.with_borrow(|registry| registry.get(number).map(look))
}
