//! Signing in: the application's own request, sent while no refresh can run, and the token taken out of its reply.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Request, Response, ResponseInit};

use super::calls::{discard, read_body};
use super::driver::{Answer, Driver};
use crate::engine::{FailureKind, Grant, Media, Outcome, WaiterId, has_access_token, media_type, without_access_token};

/// Takes over a token that the application brings.
pub(super) fn adopt(driver: &Rc<Driver>, access_token: &str, expires_in: f64) -> Result<(), JsValue> {
    // A cast of NaN or of anything negative gives 0, which counts as not told.
    let grant = Grant::new(access_token, Some(expires_in as u64)).map_err(|kind| driver.error(kind.into()))?;
    driver.input(|engine, now| engine.handle_adopt(now, grant));
    Ok(())
}

/// Sends `request` when its turn has come, and resolves to the reply without the token.
pub(super) async fn send(driver: Rc<Driver>, turn: Answer, waiter: WaiterId, request: Request) -> Result<JsValue, JsValue> {
    if let Outcome::Failed(failure) = turn.await {
        return Err(driver.error(failure));
    }
    let exchange = exchange(&driver, &request).await;
    let (grant, result) = match exchange {
        Ok((grant, response)) => (grant, Ok(response.into())),
        Err(error) => (None, Err(error)),
    };
    driver.input(|engine, now| engine.handle_sign_in_answer(now, waiter, grant));
    result
}

async fn exchange(driver: &Driver, request: &Request) -> Result<(Option<Grant>, Response), JsValue> {
    let signal = request.signal();
    if signal.aborted() {
        return Err(signal.reason());
    }
    let response = driver.transport(request).await?;
    let content_type = response.headers().get("Content-Type")?;
    if !response.ok() || media_type(content_type.as_deref()) != Media::Json {
        return Ok((None, response));
    }
    let Some(body) = read_body(&response.clone()?).await? else { return Ok((None, response)) };
    if !has_access_token(&body) {
        return Ok((None, response));
    }
    discard(&response);
    let grant = Grant::read(&body).map_err(|kind| driver.error(kind.into()))?;
    let rest = without_access_token(&body).map_err(|kind: FailureKind| driver.error(kind.into()))?;
    Ok((Some(grant), with_body(&response, &rest)?))
}

/// The same reply around another body.
fn with_body(response: &Response, body: &[u8]) -> Result<Response, JsValue> {
    let headers = Headers::new_with_headers(&response.headers())?;
    headers.delete("Content-Length")?;
    headers.delete("Content-Encoding")?;
    let init = ResponseInit::new();
    init.set_status(response.status());
    init.set_status_text(&response.status_text());
    init.set_headers(&headers);
    Response::new_with_opt_buffer_source_and_init(Some(&Uint8Array::from(body)), &init)
}
