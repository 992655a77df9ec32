"""The MLflow UI as a service: started, watched and ended, on this machine or for others too."""
