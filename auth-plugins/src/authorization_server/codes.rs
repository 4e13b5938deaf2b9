//! Authorization codes: made for one request, redeemed once, by whoever proves to have made that
//! request. RFC 6749 sections 4.1.2 and 4.1.3, RFC 7636 section 4.6, RFC 9700 section 2.1.1.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_store::StoreError;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::AuthorizationServer;
use super::browser::digest;
use super::grant::{Code, Login, Opens, Request};
use super::records::TakenRecord;
use super::rules::TokenFormat;

/// The wrong verifier with which a code ends.
const LAST_TRY: u64 = 5;
/// Within this time a second use with full proof is the client's own repetition.
const REPETITION: Duration = Duration::from_secs(10);

/// What comes with a code. RFC 6749 section 4.1.3.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The client, who proved itself already.
    pub client: &'a str,
    /// The redirect URI of the authorization request; none when it had none.
    pub redirect_uri: Option<&'a str>,
    /// The verifier of its challenge. RFC 7636 section 4.5.
    pub verifier: &'a str,
    /// The base URL the request came in under.
    pub issuer: &'a str,
}

impl std::fmt::Debug for Proof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

/// How a redemption ended.
#[derive(Debug)]
pub enum Redeemed {
    /// This caller, and no other, has the login.
    Login(Code),
    /// Unknown, over, of somebody else, or without proof. Nothing happened.
    Refused,
    /// Used before, by whoever can prove to be the one it was made for.
    Replayed {
        /// What it was.
        code: Code,
        /// So late that somebody else must have used it the first time.
        is_theft: bool,
    },
}

impl AuthorizationServer {
    /// A code for `request`, not handed out yet, that opens a login.
    pub(super) fn code_for(&self, opens: Opens, request: Request) -> Code {
        let life = self.rules.code_life.as_secs();
        Code {
            opens,
            request,
            ends: self.tokens.now().saturating_add(life),
        }
    }

    /// The stored login that `code` opens for whoever can prove to be the one it was made for.
    /// Proves and changes nothing.
    pub(super) async fn login_of_code(&self, code: &str) -> Result<Option<Login>, StoreError> {
        let code = self.handed_out::<Code>(code).await?;
        let Some(Opens::Stored(sid)) = code.map(|code| code.opens) else {
            return Ok(None);
        };
        let login = self.login(&sid).await?;
        Ok(login.map(|found| found.record))
    }

    /// Redeems `code`. Everything is checked before it is taken: without full proof neither the
    /// code nor its login changes, but for the fifth wrong verifier, which ends the code.
    ///
    /// # Errors
    /// [`StoreError`]; the code is as good as before.
    pub async fn redeem(&self, code: &str, proof: Proof<'_>) -> Result<Redeemed, StoreError> {
        if let Some(record) = self.handed_out::<Code>(code).await? {
            if !is_for(&record, proof) {
                return Ok(Redeemed::Refused);
            }
            if !verifies(&record, proof) {
                self.wrong_verifier(code, &record).await?;
                return Ok(Redeemed::Refused);
            }
        }
        // The tombstone outlives every repetition that could still be a theft.
        let life = match self.rules.format {
            TokenFormat::Reference => self.rules.longest_life,
            // It holds tokens of GitLab, and those of its time are gone soon.
            TokenFormat::SelfContained | TokenFormat::GitLab { .. } => self.rules.access_life,
        };
        match self.take_handed_out::<Code>(code, life).await? {
            TakenRecord::First(code) if is_for(&code, proof) && verifies(&code, proof) => {
                Ok(Redeemed::Login(code))
            }
            TakenRecord::Before { record, ago }
                if is_for(&record, proof) && verifies(&record, proof) =>
            {
                Ok(Redeemed::Replayed {
                    code: record,
                    is_theft: ago > REPETITION,
                })
            }
            _ => Ok(Redeemed::Refused),
        }
    }

    /// Counts a wrong verifier.
    async fn wrong_verifier(&self, code: &str, record: &Code) -> Result<(), StoreError> {
        let key = format!("verifier:{}", digest(code));
        let tries = self.records.store().incr(&key, self.rules.code_life);
        if tries.await? >= LAST_TRY {
            self.void(code, record).await?;
        }
        Ok(())
    }
}

fn is_for(code: &Code, proof: Proof<'_>) -> bool {
    let request = &code.request;
    request.client == proof.client
        && request.issuer == proof.issuer
        && request.redirect_uri.as_deref() == proof.redirect_uri
}

fn verifies(code: &Code, proof: Proof<'_>) -> bool {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(proof.verifier.as_bytes()));
    is_verifier(proof.verifier) && {
        let (made, stored) = (challenge.as_bytes(), code.request.challenge.as_bytes());
        made.ct_eq(stored).into()
    }
}

/// 43 to 128 unreserved characters. RFC 7636 section 4.1.
pub(super) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests;
