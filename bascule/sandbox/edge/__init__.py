"""The sandbox's edge: answers HTTP and HTTPS on loopback for the site's host names, as CloudFront would."""
