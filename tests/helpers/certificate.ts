/**
 * A certificate for localhost, 127.0.0.1 and ::1 that signs itself, so that it is its own authority
 * too. It was made for these tests, is valid for a hundred years, and its key is no secret:
 *
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 *   -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
 *   -addext basicConstraints=critical,CA:FALSE -addext keyUsage=digitalSignature
 */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBuDCCAV+gAwIBAgIUHNob2u4UmRXnOlJSjprz1nh/oZgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDA5MzMyOVoYDzIxMjYxMDI3
MDkzMzI5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASCVSdJ/jeFuYSIhxG8JTZ4Lt/zTlwHx9+gEuVlqk1P36d6z6sqGKYz
whn1d8b1bIMZ/HH1YCBgANQMy7Yacc5eo4GMMIGJMB0GA1UdDgQWBBRleLCeOu9e
92GTxZ3vjMWkfvhHjjAfBgNVHSMEGDAWgBRleLCeOu9e92GTxZ3vjMWkfvhHjjAs
BgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAEwDAYD
VR0TAQH/BAIwADALBgNVHQ8EBAMCB4AwCgYIKoZIzj0EAwIDRwAwRAIgIyXaCV8H
7CTVqkM8Ix/Z/qGt6yDJ5S6aYIrW5tc+M/wCIGqaAh7IyynD+Wuw6NqFZU5eP7Qt
7kRxz+266Y1gnJTe
-----END CERTIFICATE-----
`;

/** The private key of {@linkcode TEST_CERTIFICATE}. */
export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbjaQMRGFjEPnhKl2
PJsVlokn9n7WtJFJGtcAVRpiZv6hRANCAASCVSdJ/jeFuYSIhxG8JTZ4Lt/zTlwH
x9+gEuVlqk1P36d6z6sqGKYzwhn1d8b1bIMZ/HH1YCBgANQMy7Yacc5e
-----END PRIVATE KEY-----
`;

/** Another one, made in the same way. */
export const OTHER_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBujCCAV+gAwIBAgIUKtDLgFg9R/adKunxGQTyLj8iiu8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDE0NTgwMFoYDzIxMjYxMDI3
MTQ1ODAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATD3HSSfT0zLJvXDy+qACBN3djBZU3fJToZ+iVtNgQ/4lr7n/+v7Fhd
pEgDuZdoCnvPenEeTCQkCW38Dn1cHT++o4GMMIGJMB0GA1UdDgQWBBRautUgR+aS
BHjcephDvfQq3V6jIDAfBgNVHSMEGDAWgBRautUgR+aSBHjcephDvfQq3V6jIDAs
BgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAEwDAYD
VR0TAQH/BAIwADALBgNVHQ8EBAMCB4AwCgYIKoZIzj0EAwIDSQAwRgIhAOB3ZggZ
b/G3+ERvUeaBBtRR1tpr17xgUWCTYOLI/a3MAiEArMzga7YM2gM2rJ/aHW0P/1AR
WUhDASd51q3z1Zfc6+c=
-----END CERTIFICATE-----
`;

/** The private key of {@linkcode OTHER_CERTIFICATE}. */
export const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgewh41DfRsshdU8hJ
k/zv0RLHOQ+n+OmkUGfIn25FKLChRANCAATD3HSSfT0zLJvXDy+qACBN3djBZU3f
JToZ+iVtNgQ/4lr7n/+v7FhdpEgDuZdoCnvPenEeTCQkCW38Dn1cHT++
-----END PRIVATE KEY-----
`;
