//! The calls to the authority: refresh and logout. The cookie is the proof, so both travel with credentials.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit, RequestMode,
    RequestRedirect, Response, ResponseType,
};

use super::clock;
use super::driver::Driver;
use super::settings::Endpoint;
use crate::engine::{Failure, FailureKind, Grant, MAX_BODY, Millis, Reply, judge, retry_after};

/// POSTs to the refresh endpoint and judges the answer.
pub(super) async fn refresh(driver: &Driver, signal: Option<AbortSignal>) -> Result<Grant, Failure> {
    let response = send(driver, &driver.settings.refresh, signal).await?;
    let content_type = response.headers().get("Content-Type").ok().flatten();
    let body = read_body(&response).await.map_err(|_| Failure::from(FailureKind::Unreachable))?;
    judge(&Reply {
        status: status(&response),
        content_type: content_type.as_deref(),
        retry_after: retry_after_of(&response),
        body: body.as_deref(),
    })
}

/// POSTs to the logout endpoint. A 401 says that there is no session left to end, which is what was wanted.
pub(super) async fn logout(driver: &Driver, signal: Option<AbortSignal>) -> Result<(), Failure> {
    let Some(endpoint) = &driver.settings.logout else { return Ok(()) };
    let failed = Failure::from(FailureKind::LogoutFailed);
    let response = send(driver, endpoint, signal).await.map_err(|_| failed)?;
    discard(&response);
    match status(&response) {
        200..300 | 401 => Ok(()),
        status => Err(Failure { status: Some(status).filter(|&status| status != 0), retry_after: retry_after_of(&response), ..failed }),
    }
}

async fn send(driver: &Driver, endpoint: &Endpoint, signal: Option<AbortSignal>) -> Result<Response, Failure> {
    let request = request(endpoint, signal).map_err(|_| Failure::from(FailureKind::Misconfigured))?;
    driver.transport(&request).await.map_err(|_| FailureKind::Unreachable.into())
}

fn request(endpoint: &Endpoint, signal: Option<AbortSignal>) -> Result<Request, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &endpoint.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(&endpoint.method);
    init.set_headers(&headers);
    init.set_mode(RequestMode::Cors);
    init.set_credentials(RequestCredentials::Include);
    init.set_cache(RequestCache::NoStore);
    // A redirect is no answer of these endpoints, and must not carry the cookie's effect elsewhere.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(signal.as_ref());
    if let Some(body) = &endpoint.body {
        init.set_body(&JsValue::from_str(body));
    }
    // The rotated cookie lands even when the page goes away meanwhile.
    js_sys::Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE)?;
    Request::new_with_str_and_init(&endpoint.url, &init)
}

/// 0 for a redirect, which browsers hide and other runtimes show.
fn status(response: &Response) -> u16 {
    if response.type_() == ResponseType::Opaqueredirect { 0 } else { response.status() }
}

fn retry_after_of(response: &Response) -> Option<Millis> {
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let date = |text: &str| Some(js_sys::Date::parse(text)).filter(|at| at.is_finite() && *at >= 0.0).map(|at| at as Millis);
    // A date is the server's clock's; where its own reading can be seen, the two are compared.
    let server_now = header("Date").as_deref().and_then(date);
    retry_after(&header("Retry-After")?, date, server_now.unwrap_or(clock::now().wall))
}

/// The body's bytes, or `None` when there are more than [`MAX_BODY`]. What JavaScript held of them is wiped.
pub(super) async fn read_body(response: &Response) -> Result<Option<Vec<u8>>, JsValue> {
    let Some(stream) = response.body() else { return Ok(Some(Vec::new())) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let step = JsFuture::from(reader.read()).await?;
        let chunk = js_sys::Reflect::get(&step, &"value".into())?;
        if chunk.is_undefined() {
            return Ok(Some(bytes));
        }
        let chunk: Uint8Array = chunk.dyn_into()?;
        let (start, length) = (bytes.len(), chunk.length() as usize);
        if start + length > MAX_BODY {
            let _ = reader.cancel();
            return Ok(None);
        }
        bytes.resize(start + length, 0);
        chunk.copy_to(&mut bytes[start..]);
        chunk.fill(0, 0, chunk.length());
    }
}

/// Lets the connection go: nobody will read this body.
pub(super) fn discard(response: &Response) {
    if let Some(body) = response.body() {
        let _ = body.cancel();
    }
}
