# Neurogallery on the CPU; see docs/deployment.md.
FROM python:3.11-slim-bookworm

# Where PyTorch keeps its wheels without CUDA.
ARG TORCH_WHEELS=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    NEUROGALLERY_DATA=/data \
    NEUROGALLERY_RESULTS=/results

WORKDIR /app
# Before the code, so that a change of the code installs nothing anew.
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir --index-url "$TORCH_WHEELS" "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt -r requirements-cluster.txt

RUN useradd --create-home neurogallery \
    && install --directory --owner neurogallery --group neurogallery /data /results
COPY app.py CITATION.cff LICENSE README.md ./
COPY .streamlit/ .streamlit/
COPY core/ core/
COPY data/ data/
COPY docs/ docs/
COPY pages/ pages/

USER neurogallery
# What umap-learn compiles, once for every container.
RUN python -c 'from core import maps; maps.warm_up()'

VOLUME ["/data", "/results"]
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD python -c "import os, urllib.request as u; u.urlopen('/'.join(filter(None, ('http://127.0.0.1:8501', os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'), '_stcore/health'))), timeout=5)"
# All addresses of the container; which of the host's lead to it, whoever runs it says.
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true"]
