//! The words that cross between Rust and JavaScript. Each is declared here and nowhere else. What
//! crosses is an index; TypeScript sees a union, and the glue holds the texts once.

#![expect(missing_docs, reason = "the text of each variant says what it is")]

use wasm_bindgen::prelude::*;

use crate::engine;

/// Declares string enums and their TypeScript unions. (wasm-bindgen itself writes a union only when
/// an exported function names it.) `from` converts each variant of an enum of the engine to the
/// word of the same name; a variant without a word does not compile.
macro_rules! words {
    ($(
        $(#[$about:meta])*
        $name:ident $(from $engine:ty)? { $($(#[$more:meta])* $variant:ident = $text:tt,)* }
    )*) => {$(
        $(#[$about])*
        #[wasm_bindgen(skip_typescript)]
        #[derive(Clone, Copy)]
        pub enum $name { $($(#[$more])* $variant = $text,)* }

        const _: () = {
            #[wasm_bindgen(typescript_custom_section)]
            const TYPE: &str = concat!(
                "export type ", stringify!($name), " =", $(" | \"", $text, "\"",)* ";"
            );
        };

        words!(@from $name $($engine)? { $($variant)* });
    )*};
    (@from $name:ident { $($variant:ident)* }) => {};
    (@from $name:ident $engine:ty { $($variant:ident)* }) => {
        impl From<$engine> for $name {
            fn from(value: $engine) -> Self {
                match value {
                    $(<$engine>::$variant => Self::$variant,)*
                }
            }
        }
    };
}

words! {
    /// What happened, for [`super::Keep::input`]. Somebody waits for the outcome of the first
    /// eight.
    Input {
        Start = "start",
        StartAgain = "start-again",
        Refresh = "refresh",
        Logout = "logout",
        SignIn = "sign-in",
        /// The application wants to send a request.
        Request = "request",
        /// The application wants to borrow the token; comes with the milliseconds that it has to
        /// live.
        Lend = "lend",
        /// An API answered 401; comes with the generation of the token, as the next two.
        Unauthorized = "unauthorized",
        RetryRefused = "retry-refused",
        Accepted = "accepted",
        /// The cookie that tells of a session is not there.
        NoHint = "no-hint",
        /// A call got no answer; comes with the call, as the next.
        Unreachable = "unreachable",
        /// The endpoint's address makes no request.
        Unsendable = "unsendable",
        /// The lock was granted; comes with the ticket, as the next.
        Locked = "locked",
        LockDenied = "lock-denied",
        Hidden = "hidden",
        Visible = "visible",
        Offline = "offline",
        Online = "online",
        /// The page came back from the back/forward cache or from being frozen.
        Restored = "restored",
        Close = "close",
    }

    /// The members of `ReplyShape` that name a path.
    ReplyMember {
        AccessToken = "accessToken",
        ExpiresIn = "expiresIn",
        ExpiresAt = "expiresAt",
        TokenType = "tokenType",
    }

    /// How a wait ends when it does not fail.
    Outcome {
        Done = "done",
        /// Send the request with the token.
        Token = "token",
        /// Send the request without a token.
        Anonymous = "anonymous",
        /// Return the first answer: there is nothing to retry with.
        GiveUp = "give-up",
    }

    /// `SessionStatus` of the package.
    Status from engine::Status {
        Unknown = "unknown",
        Anonymous = "anonymous",
        Authenticated = "authenticated",
    }

    /// `SignedOutReason` of the package.
    SignedOutReason from engine::SignedOutReason {
        Logout = "logout",
        LogoutElsewhere = "logout-elsewhere",
        Rejected = "rejected",
        NoSession = "no-session",
        Closed = "closed",
    }

    /// The codes of `TokenKeepError` that the engine gives.
    FailureCode from engine::FailureKind {
        Rejected = "refresh_rejected",
        Unreachable = "refresh_unreachable",
        TimedOut = "refresh_timeout",
        Malformed = "refresh_malformed",
        Misconfigured = "refresh_misconfigured",
        LogoutFailed = "logout_failed",
        SignedOut = "signed_out",
        Closed = "closed",
    }

    /// Whose refresh brought a token.
    RefreshedBy {
        ThisTab = "this-tab",
        Sibling = "sibling",
    }

    /// `Transition.event` of the package.
    TransitionEvent from engine::Step {
        Logout = "logout",
        LogoutElsewhere = "logout-elsewhere",
        Rejected = "rejected",
        NoSession = "no-session",
        Closed = "closed",
        Adopted = "adopted",
        SignedIn = "signed-in",
        SignInDiscarded = "sign-in-discarded",
        SignInSlow = "sign-in-slow",
        SignInSent = "sign-in-sent",
        RefreshSent = "refresh-sent",
        LogoutSent = "logout-sent",
        Refreshed = "refreshed",
        RefreshFailed = "refresh-failed",
        AnswerDiscarded = "answer-discarded",
        RejectionDoubted = "rejection-doubted",
        LogoutTold = "logout-told",
        LogoutFailed = "logout-failed",
        Unauthorized = "unauthorized",
        FreshTokenRejected = "fresh-token-rejected",
        LockBypassed = "lock-bypassed",
        ClockJumped = "clock-jumped",
        Restored = "restored",
        RenewalLeftToSibling = "renewal-left-to-sibling",
        SiblingSignedIn = "sibling-signed-in",
        SiblingRejected = "sibling-rejected",
        Paused = "paused",
        LogoutDoubted = "logout-doubted",
        SignInWithoutToken = "sign-in-without-token",
        NoHint = "no-hint",
        CookieNotKept = "cookie-not-kept",
    }

    /// `Transition.note` of the package.
    Note from engine::Note {
        Rejected = "the authority refused it",
        Unreachable = "the authority can't be reached or asks to wait",
        TimedOut = "no answer in time",
        Malformed = "a 200 without a usable token",
        Misconfigured = "no answer of a refresh endpoint",
        LogoutFailed = "the authority was not told",
        SignedOut = "there is no session",
        Closed = "the keep is closed",
        SessionOver = "its session is over",
        LogoutSince = "a logout came after it",
        SiblingSucceeded = "a sibling has just been given a token",
        SiblingPaused = "the authority asked a sibling to wait",
        Unlocked = "without the lock",
        NoLock = "there is none to be had",
        LockSlow = "its holder took too long",
    }
}
