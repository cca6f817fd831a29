//! `HSE_REQ_EXEC_URL`: a child request in the place of its parent.

use super::{Asked, Conn, Entity, Exchange, Incoming, Outcome, Request, report};
use crate::codes;
use crate::site::UrlPath;
use crate::site::{Decision, MappingKind};
use isapi_base::ecb::constants::{
    HSE_EXEC_URL_IGNORE_CURRENT_INTERCEPTOR, HSE_EXEC_URL_NO_HEADERS,
};
use isapi_base::ecb::win32::Win32Error;
use std::sync::{Arc, Mutex, PoisonError};

/// A request that calls itself would do so for ever; IIS stops at about as many.
const MAX_DEPTH: usize = 12;

/// What the extension asked for; `None`: as the parent.
#[derive(Debug, Default)]
pub(super) struct ChildRequest {
    pub(super) url: Option<String>,
    pub(super) method: Option<String>,
    pub(super) headers: Option<Vec<u8>>,
    pub(super) entity: Option<Vec<u8>>,
    pub(super) flags: u32,
}

/// How the last child request ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChildStatus {
    pub(super) status: u16,
    pub(super) substatus: u16,
    pub(super) failed: bool,
    pub(super) static_file: bool,
    pub(super) given_up: bool,
}

impl Conn {
    /// Starts the child; the registered completion is called when it is done.
    pub(super) fn exec_url(self: &Arc<Self>, child: ChildRequest) -> Result<(), Win32Error> {
        let no_headers = child.flags & HSE_EXEC_URL_NO_HEADERS != 0;
        if self.reply().is_begun() && !no_headers {
            report(
                codes::EXTENSION_CONTRACT,
                "EXEC_URL after a response was begun; refused",
            );
            return Err(Win32Error::INVALID_PARAMETER);
        }
        if self.depth >= MAX_DEPTH {
            report(
                codes::EXTENSION_CONTRACT,
                "child requests are nested too deeply; refused",
            );
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let completion = self.completion().ok_or(Win32Error::INVALID_PARAMETER)?;
        let (exchange, decision) = self.child_exchange(child)?;
        // Before the child runs, and not when its end is told.
        self.claim()?;
        if no_headers {
            self.reply().skip_next_head();
        }
        // A script map is called again on the same thread, which is how extensions notice the
        // recursion; everything else may take its time elsewhere.
        if self.same_handler(&decision) {
            let outcome = exchange.answer(decision);
            self.child_done(&exchange, &outcome);
            return self.start_claimed(completion, |_| Ok(0));
        }
        self.start_claimed(completion, move |conn| {
            let outcome = exchange.answer(decision);
            conn.child_done(&exchange, &outcome);
            Ok(0)
        })
    }

    fn same_handler(&self, decision: &Decision) -> bool {
        matches!(decision, Decision::Extension(route) if route.handler_index == self.route.handler_index)
    }

    fn child_exchange(&self, child: ChildRequest) -> Result<(Arc<Exchange>, Decision), Win32Error> {
        let mut exchange = Exchange::clone(&self.exchange);
        exchange.depth += 1;
        let same_url = child.url.as_deref().is_none_or(|u| u == self.url().raw());
        let skip = child.flags & HSE_EXEC_URL_IGNORE_CURRENT_INTERCEPTOR != 0;
        let as_parent =
            same_url && child.method.is_none() && child.headers.is_none() && child.entity.is_none();
        if !as_parent {
            self.change(&mut exchange, child)?;
        }
        let site = &self.host.site;
        let mut decision = site.route(&exchange.request().method, exchange.url());
        if skip {
            decision = self.behind_interceptor(decision);
        }
        Ok((Arc::new(exchange), decision))
    }

    /// Gives the child what it shall not have from its parent.
    fn change(&self, exchange: &mut Exchange, child: ChildRequest) -> Result<(), Win32Error> {
        let target = child.url.unwrap_or_else(|| self.request().target.clone());
        let url = UrlPath::parse(&target).map_err(|_| Win32Error::INVALID_PARAMETER)?;
        let parent = self.request();
        let mut request = Request {
            method: child.method.unwrap_or_else(|| parent.method.clone()),
            target,
            version: parent.version,
            headers: parent.headers.clone(),
            spelling: None,
            keep_connection: parent.keep_connection,
            length: parent.length,
            remote: parent.remote.clone(),
            local: parent.local.clone(),
            server_vars: parent.server_vars.clone(),
        };
        if let Some(headers) = child.headers {
            request.headers = super::head::parse(None, &headers).head.headers.to_list();
        }
        if let Some(entity) = child.entity {
            request.length = Some(entity.len() as u64);
            exchange.entity = Arc::new(Entity {
                preload: entity,
                total: request.length,
                rest: Mutex::new(Incoming {
                    body: Box::new(super::NoBody),
                    read: 0,
                    limit: u64::MAX,
                }),
            });
        }
        exchange.asked = Arc::new(Asked { request, url });
        Ok(())
    }

    /// `HSE_EXEC_URL_IGNORE_CURRENT_INTERCEPTOR`: the child, whatever its URL, does not meet the
    /// wildcard that runs now, nor one before it. A script map is no interceptor.
    fn behind_interceptor(&self, mut decision: Decision) -> Decision {
        if self.route.mapping != MappingKind::Wildcard {
            return decision;
        }
        while let Decision::Extension(route) = &decision
            && route.mapping == MappingKind::Wildcard
            && route.handler_index <= self.route.handler_index
        {
            decision = self.host.site.pass_through(route);
        }
        decision
    }

    fn child_done(&self, exchange: &Exchange, outcome: &Outcome) {
        let status = exchange.reply().status();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(ChildStatus {
            status,
            substatus: outcome.substatus,
            failed: outcome.failed(),
            static_file: outcome.static_file,
            given_up: outcome.given_up,
        });
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&outcome.log);
    }
}
