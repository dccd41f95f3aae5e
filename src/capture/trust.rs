//! Whose certificates are believed.

use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The roots that a service's certificate has to lead to; by default those of this machine.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// These and no others.
    only: Option<Arc<Vec<Certificate<'static>>>>,
}

/// Roots that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file that cannot be read.
    #[error("{path}: cannot be read")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file without a certificate in it.
    #[error("{0}: no certificate is in it: it should begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate(String),
    /// A damaged certificate.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// The reader's words.
        reason: String,
    },
    /// A machine without any root.
    #[error(
        "this machine holds no root certificates to check a service by{0}: install its ca-certificates, or name the \
         authority's own with --cacert"
    )]
    NoRoots(String),
}

impl Trust {
    /// Reads certificates in PEM form, to believe these and no others.
    ///
    /// # Errors
    /// A file that cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, TrustError> {
        let name = path.display().to_string();
        let pem = std::fs::read(path).map_err(|source| TrustError::Io {
            path: name.clone(),
            source,
        })?;
        let mut certificates = Vec::new();
        for item in parse_pem(&pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                Ok(_) => {}
                Err(error) => {
                    let reason = error.to_string();
                    return Err(TrustError::Damaged { path: name, reason });
                }
            }
        }
        if certificates.is_empty() {
            return Err(TrustError::NoCertificate(name));
        }
        Ok(Self {
            only: Some(Arc::new(certificates)),
        })
    }

    pub(super) fn config(&self) -> Result<TlsConfig, TrustError> {
        let roots = match &self.only {
            None => Arc::new(system()?),
            Some(roots) => Arc::clone(roots),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::Specific(roots))
            .build())
    }
}

fn system() -> Result<Vec<Certificate<'static>>, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first();
        let why = why.map_or_else(String::new, |error| format!(" ({error})"));
        return Err(TrustError::NoRoots(why));
    }
    let owned = |der: &[u8]| Certificate::from_der(der).to_owned();
    Ok(found.certs.iter().map(|der| owned(der)).collect())
}
