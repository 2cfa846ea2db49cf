//! An authorised request: the token attached for listed origins, one refresh and one retry after a 401.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use super::calls::discard;
use super::driver::Driver;
use crate::engine::{Outcome, Remedy, remedy};

/// Sends `request`, which is ours alone, at most twice. `replayable` says that its body can be sent again.
pub(super) async fn send(driver: Rc<Driver>, request: Request, replayable: bool) -> Result<JsValue, JsValue> {
    // `Request.url` is the browser's own reading of the address; there is no second parser.
    let url = request.url();
    if !driver.origins.allow(&url) || request.headers().has("Authorization")? {
        return driver.transport(&request).await.map(Into::into);
    }
    let waiter = driver.input(|engine, now| engine.handle_request(now));
    if let Outcome::Failed(failure) = driver.answer(waiter).await {
        return Err(driver.error(failure));
    }
    stop_if_aborted(&request)?;
    // Cloned before the header is set: the copy for the retry carries no token.
    let spare = if replayable { Some(request.clone()?) } else { None };
    let Some((generation, epoch)) = driver.authorize(&request) else {
        return driver.transport(&request).await.map(Into::into);
    };
    let first = driver.transport(&request).await?;
    if first.status() != 401 {
        driver.note_accepted(generation);
        return Ok(first.into());
    }
    if !asks_for_renewal(&driver, &first, &url) {
        return Ok(first.into());
    }
    let waiter = driver.input(|engine, now| engine.handle_unauthorized(now, generation, epoch));
    let outcome = driver.answer(waiter).await;
    stop_if_aborted(&request)?;
    let Some(spare) = spare.filter(|_| outcome == Outcome::Token) else { return Ok(first.into()) };
    let Some((generation, _)) = driver.authorize(&spare) else { return Ok(first.into()) };
    discard(&first);
    let second = driver.transport(&spare).await?;
    if second.status() != 401 {
        driver.note_accepted(generation);
    } else if asks_for_renewal(&driver, &second, &url) {
        driver.reject_fresh_token(generation, &url);
    }
    Ok(second.into())
}

/// Whether this 401 is about our token's age: it comes from a listed origin and asks for no other remedy.
fn asks_for_renewal(driver: &Driver, response: &Response, url: &str) -> bool {
    if response.redirected() && !driver.origins.allow(&response.url()) {
        return false;
    }
    let challenge = response.headers().get("WWW-Authenticate").ok().flatten();
    let remedy = remedy(challenge.as_deref());
    driver.step_up(&remedy, url);
    remedy == Remedy::Renew
}

fn stop_if_aborted(request: &Request) -> Result<(), JsValue> {
    let signal = request.signal();
    if signal.aborted() { Err(signal.reason()) } else { Ok(()) }
}
